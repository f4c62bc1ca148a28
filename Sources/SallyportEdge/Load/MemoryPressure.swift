/// What a process does when its memory runs short, from nothing to everything. Each step includes those before it.
package enum MemoryStep: Int, Sendable, Comparable, CaseIterable {
    case none
    /// Connections end with their request.
    case closeAfterRequest
    /// New requests are answered 503.
    case refuseRequests
    /// New connections are closed, and the largest buffers are given up.
    case refuseConnections

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Parts of a hundred of the budget at which it begins.
    var percentage: Int {
        switch self {
        case .none: 0
        case .closeAfterRequest: 85
        case .refuseRequests: 92
        case .refuseConnections: 95
        }
    }

    package var words: String {
        switch self {
        case .none: "enough memory"
        case .closeAfterRequest: "connections end with their request"
        case .refuseRequests: "new requests are answered 503"
        case .refuseConnections: "new connections are closed and the largest buffers given up"
        }
    }
}

/// Finds the step for what is in use. A step ends a little below where it begins, so that it does not flicker.
package struct MemoryPressure: Sendable {
    /// Bytes; 0: no limit is known, and nothing is ever done.
    package var budget: Int
    private(set) package var step = MemoryStep.none

    private static let slack = 3

    package init(budget: Int) {
        self.budget = budget
    }

    /// True when the step is another one now.
    package mutating func note(used: Int) -> Bool {
        let before = step
        step = budget > 0 ? stepFor(used: used) : .none
        return step != before
    }

    private func stepFor(used: Int) -> MemoryStep {
        let highest = MemoryStep.allCases.last { used >= budget / 100 * $0.percentage } ?? .none
        guard highest < step else { return highest }
        // On the way down each step holds for longer.
        let held = MemoryStep.allCases.last { used >= budget / 100 * ($0.percentage - Self.slack) } ?? .none
        return min(held, step)
    }
}
