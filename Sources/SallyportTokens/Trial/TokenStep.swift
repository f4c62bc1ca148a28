import SallyportModel

/// One thing that was looked at about a token, for operators: in the log of refused tokens and in `route test`.
///
/// What the token says is cut and printable, and its signature never stands in it.
package struct TokenStep: Sendable, Hashable {
    /// What was looked at: `audience`.
    package let name: String
    package let words: String
    /// Nil when it is good.
    package let fault: TokenFault?

    init(_ name: String, _ words: String, fault: TokenFault? = nil) {
        self.name = name
        self.words = words
        self.fault = fault
    }
}
