import SallyportModel

/// A failure of the store, told so that the reader can act on it. No value of a row ever goes into one.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    package let reason: Reason
    /// The file it is about.
    package let subject: String
    /// The system's or the database's words.
    package let detail: String

    package init(_ reason: Reason, _ subject: String, _ detail: String) {
        self.reason = reason
        self.subject = subject
        self.detail = detail
    }

    /// `SP8023: /var/lib/sallyport/sallyport.db: database or disk is full. Fix: …`
    package var description: String { "\(reason.name): \(subject): \(detail). Fix: \(reason.fix)" }
}
