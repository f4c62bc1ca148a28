import SallyportModel

/// A path in the one form that routes are matched on and requests are forwarded with.
package struct NormalizedPath: Sendable, Hashable {
    package let text: String

    /// Normalises text from a configuration exactly as the path of a request.
    /// - Returns: nil when a request with that path would be refused.
    package init?(_ text: String) { self.text = text }
}
