import SallyportAccess
import SallyportConfig

/// A trial for people and scripts.
struct RouteReport {
    let explanation: RouteExplanation
    /// Where the keys of issuers are from.
    let keys: [String]

    init(_ explanation: RouteExplanation, keys: [String] = []) {
        self.explanation = explanation
        self.keys = keys
    }

    var text: String {
        let steps = (keys + explanation.steps).map { "  \($0)" }
        return (steps + [outcome]).joined(separator: "\n")
    }

    private var outcome: String {
        if let reason = explanation.reason {
            let status = reason.status.map { "\($0) " } ?? ""
            return "refused: \(status)\(reason.name) \(reason.title)\nfix: \(reason.fix)"
        }
        if explanation.isAnswered { return "\(Terminal.tick) answered by the gateway on route \(explanation.route ?? "")" }
        let destination = explanation.upstream.map { "forwarded to \($0)" } ?? "redirected"
        return "\(Terminal.tick) \(destination) by route \(explanation.route ?? "")"
    }

    var json: String {
        JSONValue.members([
            "allowed": .bool(explanation.isAllowed),
            "listener": explanation.listener.map(JSONValue.string),
            "route": explanation.route.map(JSONValue.string),
            "upstream": explanation.upstream.map(JSONValue.string),
            "reason": explanation.reason.map { .string($0.name) },
            "status": explanation.reason?.status.map { .integer(Int($0)) },
            "keys": keys.isEmpty ? nil : .strings(keys),
            "steps": .strings(explanation.steps),
            "limits": explanation.limits.isEmpty ? nil : .array(explanation.limits.map(Self.limit)),
            "consults": explanation.consults.isEmpty ? nil : .array(explanation.consults.map(Self.consult)),
        ]).pretty
    }

    private static func limit(_ limit: TrialLimit) -> JSONValue {
        .members([
            "policy": .string(limit.policy), "name": .string(limit.name), "rule": .string(limit.rule),
            "key": .string(limit.key),
        ])
    }

    private static func consult(_ service: ExternalAuthorization) -> JSONValue {
        .members([
            "upstream": .string(service.upstream), "path": .string(service.path),
            "timeout": .string(DurationText.text(service.timeout)),
            "whenUnavailable": .string(service.whenUnavailable.rawValue),
        ])
    }
}
