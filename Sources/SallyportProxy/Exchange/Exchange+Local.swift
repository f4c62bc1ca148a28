import NIOCore
import SallyportHTTP
import SallyportModel

// An exchange that a service of the gateway itself answers, instead of an upstream.
extension Exchange {
    func begin(_ mount: LocalMount) {
        guard loop.localCalls < LocalCall.most else { return answer(LocalReply(.localServiceBusy)) }
        let call = LocalCall(mount)
        guard call.admits(head.framing) else { return answer(LocalReply(.bodyTooLarge)) }
        loop.localCalls += 1
        local = call
        if machine.requestIsComplete { return run(call) }
        if head.expectsContinue {
            connection.write(Self.continueLine)
            connection.flush()
        }
    }

    func take(_ piece: ByteBuffer, for call: LocalCall) {
        guard !machine.isFinished else { return }
        record.requestBytes += piece.readableBytes
        if !call.take(piece) { answer(LocalReply(.bodyTooLarge)) }
    }

    /// The request is whole.
    func run(_ call: LocalCall) {
        guard !machine.isFinished else { return }
        call.run(head, identity, on: loop.eventLoop) { [self] answer in
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
        local.cancel()
        self.local = nil
        loop.localCalls -= 1
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
        connection.write(content.bytes(date: loop.dateField(), close: close, isHEAD: head.isHEAD))
        record.responseBytes += head.isHEAD ? 0 : content.body.count
        finish(keepAlive: !close)
    }
}
