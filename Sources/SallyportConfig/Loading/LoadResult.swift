/// What came of reading a configuration.
package struct LoadResult: Sendable {
    /// Nil if and only if there is an error among the diagnostics.
    package let configuration: Configuration?
    package let diagnostics: [Diagnostic]
    /// Every file that was read or looked for, absolute, also when loading failed; `--watch` looks at these.
    package let sources: [String]

    package var report: DiagnosticReport { DiagnosticReport(diagnostics) }
}
