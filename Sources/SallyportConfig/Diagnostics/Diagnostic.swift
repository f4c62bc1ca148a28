import SallyportModel

/// One finding about a configuration: what is wrong, where, why, and what to do.
package struct Diagnostic: Sendable, Hashable {
    package enum Severity: String, Sendable { case error, warning }

    package var severity: Severity
    package var reason: Reason
    /// One sentence without a full stop. Text from the file may stand in it as it is; renderers escape it.
    package var message: String
    /// Nil when the finding is about no place in a file.
    package var location: SourceLocation?
    /// A few words beside the caret.
    package var label: String?
    /// Each is one thing to do.
    package var help: [String]
    /// The key, as in `tlsProfiles.strict.clientCertificates.mode`.
    package var keyPath: String?
    /// Another place that belongs to the finding, such as the first of two equal keys.
    package var related: RelatedPlace?

    package init(
        _ reason: Reason, _ message: String, severity: Severity = .error, at location: SourceLocation? = nil,
        label: String? = nil, help: [String] = [], keyPath: String? = nil, related: RelatedPlace? = nil
    ) {
        self.severity = severity
        self.reason = reason
        self.message = message
        self.location = location
        self.label = label
        self.help = help
        self.keyPath = keyPath
        self.related = related
    }
}

package struct RelatedPlace: Sendable, Hashable {
    package var location: SourceLocation
    package var label: String

    package init(location: SourceLocation, label: String) {
        self.location = location
        self.label = label
    }
}

/// A stretch of one line of a file.
package struct SourceLocation: Sendable, Hashable {
    /// As the operator would write it: the path given on the command line or in `include`.
    package var file: String
    /// From 1.
    package var line: Int
    /// From 1, in Unicode scalars.
    package var column: Int
    /// In Unicode scalars; at least 1.
    package var length: Int
    /// What is shown of the line; nil when there is nothing to show.
    package var excerpt: Excerpt?

    /// A source line as it may be shown: without its end, and with secrets hidden, so that columns in it may differ
    /// from those of the file.
    package struct Excerpt: Sendable, Hashable {
        package var text: String
        /// Where the caret stands, from 1, in Unicode scalars of `text`.
        package var column: Int
        package var length: Int
    }

    package init(file: String, line: Int, column: Int, length: Int = 1, excerpt: Excerpt? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.length = length
        self.excerpt = excerpt
    }
}
