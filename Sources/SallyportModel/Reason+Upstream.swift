extension Reason {
    static let upstreamReasons: [Reason] = []
}
