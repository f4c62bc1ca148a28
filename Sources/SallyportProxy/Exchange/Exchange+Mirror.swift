import SallyportHTTP

// Copies of requests for another upstream. Nothing that happens to them reaches the client.
extension Exchange {
    private static let mostMirroredAnswer = 1 << 20

    /// Copies the request, now that it is whole.
    func beginMirror() {
        guard let pool = trial.mirror.take() else { return }
        let content = trial.kept
        guard !hasContent || content != nil,
            let call = SideCall(pool, mostAnswer: Self.mostMirroredAnswer, done: { _ in })
        else { return }
        var request = PoolRequest()
        request.hash = trial.hash
        call.begin(request, within: pool.plan.requestTimeout) { [self] stream in
            guard let forwarding = forwarding(to: stream, of: pool) else { return false }
            stream.sendHead(forwardedHead, forwarding)
            guard hasContent else { return true }
            if let content, content.readableBytes > 0, !stream.sendBody(content) { return false }
            return stream.sendEnd(nil)
        }
    }
}
