import NIOCore
import SallyportHTTP
import SallyportModel

// An exchange that a service of the gateway itself answers, instead of an upstream.
extension Exchange {
    func begin(_ mount: LocalMount) {
        let call = LocalCall(mount)
        guard call.admits(head.framing) else { return answer(LocalReply(.bodyTooLarge)) }
        local = call
        if machine.requestIsComplete { return run(call) }
        call.ticket = loop.contentAwaited(by: self)
        if head.expectsContinue { client.sendContinue() }
    }

    func take(_ piece: ByteBuffer, for call: LocalCall) {
        guard !machine.isFinished else { return }
        record.requestBytes += piece.readableBytes
        if !call.take(piece) { answer(LocalReply(.bodyTooLarge)) }
    }

    /// The request is whole.
    func run(_ call: LocalCall) {
        guard !machine.isFinished else { return }
        endGathering(call)
        guard loop.localCalls < LocalCall.most else { return answer(LocalReply(.localServiceBusy)) }
        call.run(head, caller.certificate, on: loop) { [self] answer in
            guard !machine.isFinished else { return }
            switch answer {
            case .refused(let reply): self.answer(reply)
            case .content(let content): self.answer(content)
            }
        }
    }

    /// Whichever way the exchange ends, the call is over and its place free.
    func endLocal() {
        guard let local else { return }
        endGathering(local)
        local.cancel()
        self.local = nil
    }

    private func endGathering(_ call: LocalCall) {
        if let ticket = call.ticket.take() { loop.contentEnds(ticket) }
    }

    /// Others wait for the place, and the content has not come.
    func giveWay() {
        end(machine.abandon(), reason: .localServiceBusy)
    }

    func sweep(_ call: LocalCall, now: NIODeadline) {
        if call.isGathering, !machine.requestIsComplete, isTooSlow(now) {
            end(machine.abandon(), reason: .requestContentTimeout)
        } else if call.isLate(now) {
            end(machine.abandon(), reason: .localServiceTimeout)
        }
    }

    private func answer(_ content: LocalContent) {
        record.status = content.status
        record.reason = content.reason
        let close = machine.clientMustClose
        client.send(content, to: head, close: close)
        record.responseBytes += head.isHEAD ? 0 : content.body.count
        finish(keepAlive: !close)
    }
}
