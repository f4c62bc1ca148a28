import NIOCore
import SallyportEdge
import SallyportHTTP
import SallyportModel

// What an exchange does when the gateway has more to do than it can: it is refused, it waits for its turn, or it is
// given up.
extension Exchange {
    enum Turn {
        case none, going
        case waiting(FairQueue<String, Exchange>.Ticket)
    }

    /// 503 while memory is short. Operators are served in any case.
    func overload() -> LocalReply? {
        guard session.listener.admin == nil, loop.edge.memoryStep >= .refuseRequests else { return nil }
        return LocalReply(.memoryExhausted, fields: [("retry-after", "5")])
    }

    /// True when it may go on at once. Otherwise it is called, or has been answered.
    func takeTurn() -> Bool {
        switch loop.enterTurns(self, as: caller.client ?? "address \(session.clientAddress)") {
        case .go:
            turn = .going
            return true
        case .wait(let ticket): turn = .waiting(ticket)
        case .full: turnNeverCame()
        }
        return false
    }

    func turnCame() {
        turn = .going
        resumeForwarding()
    }

    func turnNeverCame() {
        turn = .none
        answer(LocalReply(.overloaded, fields: [("retry-after", "1")]))
    }

    /// Whichever way the exchange ends.
    func endTurn() {
        let ended = turn
        turn = .none
        switch ended {
        case .none: break
        case .waiting(let ticket): loop.leaveTurns(ticket)
        case .going: loop.turnEnded()
        }
    }

    /// Memory is short, and this exchange holds much of it.
    func giveUpBuffers() {
        end(machine.abandon() == .ignore ? .ignore : .cut, reason: .bufferGivenUp)
    }
}
