import SallyportModel

/// Why no certificate came of an order, told so that the operator can act and the next attempt can be timed.
package struct ACMEFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: Reason
    /// Printable and bounded; may hold words of the server.
    package let detail: String
    /// The names that are at fault; empty: all of the order, or none of them.
    package let names: [String]
    /// Not before then, in seconds since 1970, if the server said so.
    package let retryAt: Int64?

    package init(_ reason: Reason, _ detail: String, names: [String] = [], retryAt: Int64? = nil) {
        self.reason = reason
        self.detail = PrintableText.make(detail, limit: 400)
        self.names = names
        self.retryAt = retryAt
    }

    package var description: String { "\(reason.name) \(reason.title): \(detail)" }
}
