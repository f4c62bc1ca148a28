/// All findings of one load, ready to be shown.
package struct DiagnosticReport: Sendable {
    /// In the order of the files: by file, line and column.
    package let diagnostics: [Diagnostic]

    /// What `check --format` offers.
    package enum Format: String, Sendable, CaseIterable { case text, json, github, sarif }

    /// No more than this many are shown; the rest is counted.
    package static let shown = 100

    package init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    package var errorCount: Int { diagnostics.count { $0.severity == .error } }
    package var warningCount: Int { diagnostics.count { $0.severity == .warning } }

    /// - Parameters:
    ///   - colour: ANSI colours, for `text` only.
    ///   - outcome: A sentence behind the totals of `text`, such as "generation 41 keeps serving."
    package func rendered(as format: Format, colour: Bool = false, outcome: String? = nil) -> String {
        switch format {
        case .text: text(colour: colour, outcome: outcome)
        case .json: json()
        case .github: github()
        case .sarif: sarif()
        }
    }
}
