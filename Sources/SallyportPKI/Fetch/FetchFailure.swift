import SallyportModel

/// Why a document could not be had.
package struct FetchFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: Reason
    /// What was being fetched when it failed.
    package let url: String
    /// For the operator; bounded, without control characters.
    package let detail: String

    package init(_ reason: Reason, _ url: FetchURL, _ detail: String) {
        self.init(reason, url: url.text, detail)
    }

    package init(_ reason: Reason, url: String, _ detail: String) {
        self.reason = reason
        self.url = PrintableText.make(url, limit: 300)
        self.detail = PrintableText.make(detail, limit: 300)
    }

    package var description: String { "\(reason.name): \(url): \(detail)" }
}
