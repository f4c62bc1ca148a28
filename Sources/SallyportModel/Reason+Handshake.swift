extension Reason {
    static let handshakeReasons: [Reason] = []
}
