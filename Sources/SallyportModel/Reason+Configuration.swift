extension Reason {
    static let configurationReasons: [Reason] = []
}
