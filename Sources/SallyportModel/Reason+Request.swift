extension Reason {
    static let requestReasons: [Reason] = []
}
