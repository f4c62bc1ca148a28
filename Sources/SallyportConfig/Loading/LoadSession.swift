import SallyportModel

/// What one load knows and has found so far. Lives as long as the load, on one thread.
final class LoadSession {
    let environment: [String: String]
    let files: any FileReading
    let credentialsDirectory: String?
    var sources = SourceMap()
    /// Absolute paths of configuration files, read or looked for.
    var paths: [String] = []
    private(set) var diagnostics: [Diagnostic] = []
    private(set) var nodeCount = 0
    private(set) var byteCount = 0
    private var reported: Set<Diagnostic> = []
    private var inspected: [String: PEMInspection] = [:]

    /// Findings beyond this many are not kept: whoever has so many reads the first ones.
    private static let kept = 1000

    init(environment: [String: String], files: any FileReading, credentialsDirectory: String?) {
        self.environment = environment
        self.files = files
        self.credentialsDirectory = credentialsDirectory
    }

    private(set) var errorCount = 0
    var hasErrors: Bool { errorCount > 0 }
    /// Whether another finding would be kept, so that words for it are worth finding.
    var isKeeping: Bool { diagnostics.count < Self.kept }
    /// Whether the bounds on the documents are used up, so that reading on makes no sense.
    var isExhausted: Bool { nodeCount > DocumentLimits.nodes }

    func report(
        _ reason: Reason, _ message: String, severity: Diagnostic.Severity = .error, at span: Span?,
        label: String? = nil, help: [String] = [], path: KeyPath? = nil, related: (span: Span, label: String)? = nil
    ) {
        if severity == .error { errorCount += 1 }
        guard isKeeping || severity == .error && errorCount == 1 else { return }
        let diagnostic = Diagnostic(
            reason, SecretRedaction.withoutUserinfo(message), severity: severity, at: span.map(sources.location),
            label: label, help: help.map(SecretRedaction.withoutUserinfo), keyPath: path?.text,
            related: related.map { RelatedPlace(location: sources.location($0.span), label: $0.label) })
        if reported.insert(diagnostic).inserted { diagnostics.append(diagnostic) }
    }

    func warn(
        _ reason: Reason, _ message: String, at span: Span?, label: String? = nil, help: [String] = [],
        path: KeyPath? = nil, related: (span: Span, label: String)? = nil
    ) {
        report(
            reason, message, severity: .warning, at: span, label: label, help: help, path: path, related: related)
    }

    /// Counts values towards the bound; false when it is broken, which is reported once.
    func count(nodes: Int, at span: Span) -> Bool {
        if isExhausted { return false }
        nodeCount += nodes
        guard isExhausted else { return true }
        report(
            .tooComplex, "more than 100,000 values", at: span,
            help: ["an alias counts as often as the values it stands for"])
        return false
    }

    /// Counts bytes towards the bound; false when it is broken.
    func count(bytes: Int) -> Bool {
        byteCount += bytes
        return byteCount <= DocumentLimits.bytes
    }

    /// What kind of PEM a file holds. Each file is read once a load.
    func inspectPEM(_ path: String) -> PEMInspection {
        if let known = inspected[path] { return known }
        let inspection = PEMInspection(path: path, files: files)
        inspected[path] = inspection
        return inspection
    }

    /// Paths in a file are relative to the file that names them.
    func absolute(_ path: String, namedAt span: Span) -> String {
        FilePath.absolute(path, in: sources.files[span.file].directory)
    }
}

/// Where a value stands in the document, as in `routes[3].match.path`.
struct KeyPath: Sendable, Hashable {
    var text: String

    static let root = KeyPath(text: "")

    func key(_ name: String) -> KeyPath { KeyPath(text: text.isEmpty ? name : text + "." + name) }
    func index(_ index: Int) -> KeyPath { KeyPath(text: "\(text)[\(index)]") }
}

extension LoadSession {
    /// By file in the order of reading, line and column; what has no place comes first.
    var sortedDiagnostics: [Diagnostic] {
        let order = Dictionary(sources.files.enumerated().map { ($1.name, $0) }, uniquingKeysWith: min)
        return diagnostics.enumerated().sorted { left, right in
            sortKey(left.element, left.offset, order).lexicographicallyPrecedes(
                sortKey(right.element, right.offset, order))
        }.map(\.element)
    }

    private func sortKey(_ diagnostic: Diagnostic, _ offset: Int, _ order: [String: Int]) -> [Int] {
        guard let location = diagnostic.location else { return [-1, 0, 0, offset] }
        return [order[location.file] ?? 0, location.line, location.column, offset]
    }
}
