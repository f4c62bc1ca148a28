/// Why a condition is not understood, and where.
package struct ConditionError: Error, Sendable, Hashable {
    /// In UTF-8 bytes of the condition, from 0; for the caret. Empty at its end.
    package let range: Range<Int>
    /// What is wrong, without full stop: `there is no fact "request.metod"`.
    package let message: String
    /// What is wanted instead, in a few words.
    package let label: String
    /// What was probably meant.
    package let suggestion: String?

    init(_ range: Range<Int>, _ message: String, _ label: String, suggestion: String? = nil) {
        self.range = range
        self.message = message
        self.label = label
        self.suggestion = suggestion
    }

    /// From 1, for people.
    package var column: Int { range.lowerBound + 1 }
}
