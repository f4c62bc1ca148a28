import NIOCore

/// Finds out by asking whether a silent peer still lives. Decides only; time is given.
struct PeerSilence {
    private var heardAt: NIODeadline
    private var askedAt: NIODeadline?

    enum Finding: Equatable { case alive, ask, dead }

    init(now: NIODeadline) {
        heardAt = now
    }

    /// Anything that the peer sends is as good as an answer.
    mutating func heard(at now: NIODeadline) {
        heardAt = now
        askedAt = nil
    }

    var nextLook: NIODeadline {
        askedAt.map { $0 + HTTP2UpstreamSettings.answer } ?? heardAt + HTTP2UpstreamSettings.silence
    }

    mutating func look(at now: NIODeadline) -> Finding {
        guard now >= nextLook else { return .alive }
        guard askedAt == nil else { return .dead }
        askedAt = now
        return .ask
    }
}
