/// Runs a few looks at a time. External accounts take turns: one that asks for thousands of looks keeps its own waiting
/// and not those of the others.
actor ValidationQueue {
    private let most: Int
    private var running = 0
    /// By external account, each in its order; never empty.
    private var waiting: [String: [@Sendable () async -> Void]] = [:]
    /// The accounts that wait, in the order of their turns.
    private var turns: [String] = []

    /// - Parameter most: looks at a time.
    init(most: Int = 16) { self.most = most }

    func run(for account: String, _ work: @escaping @Sendable () async -> Void) {
        if waiting[account] == nil { turns.append(account) }
        waiting[account, default: []].append(work)
        startNext()
    }

    private func startNext() {
        while running < most, let work = next() {
            running += 1
            Task {
                await work()
                self.ended()
            }
        }
    }

    private func next() -> (@Sendable () async -> Void)? {
        guard let account = turns.first, var own = waiting.removeValue(forKey: account) else { return nil }
        turns.removeFirst()
        let work = own.removeFirst()
        if !own.isEmpty {
            waiting[account] = own
            turns.append(account)
        }
        return work
    }

    private func ended() {
        running -= 1
        startNext()
    }
}
