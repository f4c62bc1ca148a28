import SallyportConfig
import SallyportModel
import SallyportPolicy

/// How a trial went, step by step.
package struct RouteExplanation: Sendable {
    package var listener: String?
    package var route: String?
    package private(set) var upstream: String?
    /// What was decided, in order.
    package private(set) var steps: [String] = []
    /// Limits that would count the request.
    package private(set) var limits: [TrialLimit] = []
    /// Services that would be asked before it is forwarded.
    package private(set) var consults: [ExternalAuthorization] = []
    /// The gateway answers itself, without a refusal.
    package private(set) var isAnswered = false
    /// Nil: the request is forwarded, redirected or answered.
    package private(set) var reason: Reason?

    init() {}

    package var isAllowed: Bool { reason == nil }

    package mutating func note(_ step: String) { steps.append(step) }

    mutating func count(_ limits: [TrialLimit]) {
        self.limits = limits
        for limit in limits { note(limit.words) }
    }

    mutating func consult(_ services: [ExternalAuthorization]) {
        consults = services
        for service in services {
            note("\(service.upstream)\(service.path) has to agree within \(DurationText.text(service.timeout))")
        }
    }

    /// What each part of the conditions comes to.
    mutating func note(_ policy: CompiledPolicy, under circumstances: Circumstances) {
        for (condition, isDenial) in policy.conditions {
            note("\(isDenial ? "deny" : "when"): \(condition.outcome(circumstances).words)")
            for step in condition.explain(circumstances) {
                note("  \(step.text): \(step.outcome.words)" + (step.value.map { " (\($0))" } ?? ""))
            }
        }
    }

    package mutating func refused(_ reason: Reason, _ step: String) -> RouteExplanation {
        note(step)
        self.reason = reason
        return self
    }

    mutating func answered(_ step: String) -> RouteExplanation {
        note(step)
        isAnswered = true
        return self
    }

    mutating func permitted(_ route: Route) -> RouteExplanation {
        upstream = route.upstream
        note(route.redirect.map { "redirected to \($0.to)" } ?? "forwarded to \(route.upstream ?? "")")
        return self
    }
}

extension Outcome {
    fileprivate var words: String {
        switch self {
        case .holds: "holds"
        case .fails: "does not hold"
        case .undecided: "undecided"
        }
    }
}
