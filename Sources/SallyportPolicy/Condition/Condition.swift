/// A condition of the configuration (`when`, `deny`), checked and compiled.
///
/// It is a flat list of steps that is walked once from front to back. Jumps go forward only, so an evaluation takes at
/// most as many steps as the condition has, whatever a client sends. It takes no memory but for query parameters with
/// escapes. See docs/conditions.md.
package struct Condition: Sendable {
    /// Bytes of a condition.
    package static let maximumBytes = 4096
    /// Parentheses and `not` inside each other.
    package static let maximumDepth = 24
    /// Comparisons of a condition, and elements of a list in it.
    package static let maximumParts = 256

    enum Step: Sendable {
        case test(Test)
        case not
        case and
        case or
        /// Goes on at a later step when the outcome at hand decides already; it stays.
        case skipIfFails(to: Int)
        case skipIfHolds(to: Int)
    }

    /// As it stands in the configuration.
    package let text: String
    let steps: [Step]
    /// For each step the part of the text that it speaks of, in UTF-8 bytes.
    let ranges: [Range<Int>]
    /// Comparisons that a request can leave undecided, because no `has(…)` of the same fact stands beside them.
    package let unguarded: [(fact: Fact, range: Range<Int>)]

    package init(_ text: String) throws(ConditionError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw ConditionError(
                Self.maximumBytes..<text.utf8.count, "the condition is longer than \(Self.maximumBytes) bytes",
                "divide it among several policies")
        }
        var parser = ConditionParser(try ConditionLexer.read(text))
        try parser.readAll()
        self.text = text
        steps = parser.steps
        ranges = parser.ranges
        unguarded = parser.unguarded
    }

    package func outcome(_ circumstances: borrowing Circumstances) -> Outcome {
        var stack = OutcomeStack()
        var position = 0
        while position < steps.count {
            switch steps[position] {
            case .test(let test): stack.push(test.outcome(circumstances))
            case .skipIfFails(let next) where stack.top == .fails: position = next - 1
            case .skipIfHolds(let next) where stack.top == .holds: position = next - 1
            case .skipIfFails, .skipIfHolds: break
            case .not, .and, .or: stack.apply(steps[position])
            }
            position += 1
        }
        return stack.top
    }
}

extension OutcomeStack {
    mutating func apply(_ step: Condition.Step) {
        switch step {
        case .not: push(!pop())
        case .and: push(min(pop(), pop()))
        case .or: push(max(pop(), pop()))
        case .test, .skipIfFails, .skipIfHolds: break
        }
    }
}

/// One text means one thing.
extension Condition: Hashable {
    package static func == (left: Condition, right: Condition) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
