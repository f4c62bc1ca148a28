import NIOCore
import SallyportAccess
import SallyportConfig
import SallyportHTTP
import SallyportModel

/// What is decided about a request under the policies of its route, in this order.
enum DecisionStep {
    /// Addresses, maintenance, method, announced length, preflight: whoever asks.
    case shield
    /// Token and API key.
    case identify
    /// How much who asks may do, allowed or not: whoever tries what is forbidden is counted, too.
    case limit
    /// Whether who asks may.
    case authorize
    /// Whether others agree; the first of them that has not been asked.
    case consult(Int)
    /// Whether it is recorded, where a route demands that.
    case record
}

// One step after the other; each lets the request go on, answers it, or waits.
extension Exchange {
    /// - Parameter waited: how many of the token policies have had their wait: each has one.
    func decide(_ route: CompiledRoute, from first: DecisionStep, waited: Int = 0) {
        switch first {
        case .shield:
            guard shield(route.policy) else { return }
            fallthrough
        case .identify:
            guard identify(route, waited: waited) else { return }
            decide(route, from: .limit)
        case .limit:
            guard limit(route) else { return }
            decide(route, from: .authorize)
        case .authorize:
            switch authorize(route, caller: caller, at: loop.wallClockSeconds(), under: { circumstances }) {
            case .refused(let refusal): return answer(refusal)
            case .permitted(let permit): self.permit = consume permit
            }
            decide(route, from: .consult(0))
        case .consult(let index) where index < route.policy.consults.count:
            consult(route.policy.consults[index]) { [self] in decide(route, from: .consult(index + 1)) }
        case .consult:
            decide(route, from: .record)
        case .record:
            guard let recorder = strictRecorder(route) else { return proceed(route) }
            recordPermission(in: recorder) { [self] in proceed(route) }
        }
    }

    /// Everybody has agreed.
    private func proceed(_ route: CompiledRoute) {
        if head.maxForwards == 0 { return answerAsLastHop() }
        if let redirect = route.route.redirect { return answer(redirect, route) }
        guard let permit = permit.take() else { return answer(LocalReply(.internalError)) }
        forward(permit)
    }

    /// Sends the client elsewhere. Behind an origin the path begins with one slash: two would make it another host
    /// (RFC 3986 §4.2).
    private func answer(_ redirect: Redirect, _ route: CompiledRoute) {
        var location = Array(redirect.to.utf8)
        if redirect.keepsPath {
            while location.last == UInt8(ascii: "/") { location.removeLast() }
            var target: [UInt8] = []
            head.appendTarget(without: route.stripPrefix, into: &target)
            location.append(UInt8(ascii: "/"))
            location += target.drop { $0 == UInt8(ascii: "/") }
        }
        record.status = redirect.status
        let close = machine.clientMustClose
        let fields = [("location", String(decoding: location, as: UTF8.self))] + limitFields + policyFields
        client.send(LocalContent(status: redirect.status, fields: fields), to: head, close: close)
        finish(keepAlive: !close)
    }

    /// A step that waits for something outside. The content of the request stays with the client meanwhile.
    struct Suspension {
        fileprivate let number: Int
        fileprivate let until: NIODeadline
        /// The answer when nothing comes in time.
        fileprivate let otherwise: LocalReply
        /// Called before that answer.
        fileprivate let note: (() -> Void)?
    }

    /// For whoever is to wait: late news of one wait must not end another.
    func nextSuspension() -> Int {
        suspensions += 1
        return suspensions
    }

    /// - Parameter number: of `nextSuspension`.
    func suspend(
        _ number: Int, until deadline: NIODeadline, otherwise refusal: LocalReply, note: (() -> Void)? = nil
    ) {
        suspension = Suspension(number: number, until: deadline, otherwise: refusal, note: note)
    }

    /// What was waited for has come. False when it came too late: the exchange has been answered, waits for something
    /// else, or is gone.
    func resume(_ number: Int) -> Bool {
        guard suspension?.number == number else { return false }
        suspension = nil
        return !machine.isFinished
    }

    func sweep(_ suspension: Suspension, now: NIODeadline) {
        guard now >= suspension.until else { return }
        self.suspension = nil
        guard !machine.isFinished else { return }
        suspension.note?()
        answer(suspension.otherwise)
    }
}
