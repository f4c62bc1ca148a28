import NIOCore
import SallyportAccess
import SallyportModel

/// What is decided about a request under the policies of its route, in this order.
enum DecisionStep {
    /// Addresses, maintenance, method, announced length, preflight: whoever asks.
    case shield
    /// Whether who asks may.
    case authorize
}

// One step after the other; each lets the request go on, answers it, or waits.
extension Exchange {
    func decide(_ route: CompiledRoute, from first: DecisionStep) {
        switch first {
        case .shield:
            guard shield(route.policy) else { return }
            fallthrough
        case .authorize:
            switch authorize(route, caller: caller, at: loop.wallClockSeconds()) {
            case .refused(let refusal): answer(refusal)
            case .permitted where head.maxForwards == 0: answerAsLastHop()
            case .permitted(let permit): forward(permit)
            }
        }
    }

    /// A step that waits for something outside. The content of the request stays with the client meanwhile.
    struct Suspension {
        fileprivate let until: NIODeadline
        /// The answer when nothing comes in time.
        fileprivate let otherwise: LocalReply
    }

    func suspend(until deadline: NIODeadline, otherwise refusal: LocalReply) {
        suspension = Suspension(until: deadline, otherwise: refusal)
    }

    /// What was waited for has come. False when it came too late: the exchange has been answered or is gone.
    func resume() -> Bool {
        guard suspension.take() != nil else { return false }
        return !machine.isFinished
    }

    func sweep(_ suspension: Suspension, now: NIODeadline) {
        guard now >= suspension.until else { return }
        self.suspension = nil
        guard !machine.isFinished else { return }
        answer(suspension.otherwise)
    }
}
