import SallyportModel

/// Which refused handshakes get a line of their own in the log: of one client with one fault so many in a while. Whoever
/// floods the gateway with one fault does not fill the log, and the others are seen beside it. What got no line is counted
/// and said in sum.
package struct RefusalSampler: Sendable {
    private struct Kind: Hashable {
        let code: UInt16
        let client: AddressNetwork?
    }

    /// Lines of one kind in one window.
    package static let mostLines = 100
    /// Kinds that are told apart; further clients share one for each reason.
    package static let mostKinds = 1024
    /// Nanoseconds.
    package static let window: UInt64 = 10_000_000_000

    private var lines: [Kind: Int] = [:]
    private var unsaid: [UInt16: (reason: Reason, count: Int)] = [:]
    private var end: UInt64 = 0

    package init() {}

    /// Whether this one gets a line.
    ///
    /// - Parameter client: whom an address stands for; nil where it is not known.
    package mutating func admits(_ reason: Reason, of client: AddressNetwork?) -> Bool {
        var kind = Kind(code: reason.code, client: client)
        if lines[kind] == nil, lines.count >= Self.mostKinds { kind = Kind(code: reason.code, client: nil) }
        let count = lines[kind, default: 0]
        guard count < Self.mostLines else {
            unsaid[reason.code, default: (reason, 0)].count += 1
            return false
        }
        lines[kind] = count + 1
        return true
    }

    /// What got no line, by reason, once in each window.
    ///
    /// - Parameter now: nanoseconds of a clock that only goes forward.
    package mutating func news(at now: UInt64) -> [(reason: Reason, count: Int)] {
        guard now >= end else { return [] }
        end = now + Self.window
        defer {
            lines.removeAll(keepingCapacity: lines.count <= 64)
            unsaid.removeAll()
        }
        return unsaid.values.sorted { $0.reason.code < $1.reason.code }
    }
}
