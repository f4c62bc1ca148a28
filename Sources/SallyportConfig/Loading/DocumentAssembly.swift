import SallyportModel

/// Reads a configuration file with everything it includes and merges it into one document.
///
/// Sections merge and lists are joined, the including file first; one thing is defined in one place.
struct DocumentAssembly {
    private let session: LoadSession
    /// Files that are being read, outermost first: path and name as shown.
    private var chain: [(path: String, name: String)] = []
    private var parts: [DocumentNode] = []

    init(session: LoadSession) {
        self.session = session
    }

    /// The merged document; nil when any part of it could not be read, which has been reported.
    mutating func assemble(path: String, name: String) -> DocumentNode? {
        let absolute = FilePath.absolute(path, in: session.files.workingDirectory)
        session.paths.append(absolute)
        do throws(FileReadError) {
            let bytes = try session.files.read(absolute, limit: DocumentLimits.bytes)
            return assemble(bytes: bytes, path: absolute, name: name)
        } catch {
            session.report(
                .configurationUnreadable, "\(name) \(error.words)", at: nil,
                help: ["name another file with -c FILE"])
            return nil
        }
    }

    mutating func assemble(bytes: [UInt8], path: String, name: String) -> DocumentNode? {
        read(bytes, path: path, name: name)
        if session.hasErrors { return nil }
        guard var document = parts.first else { return nil }
        for part in parts.dropFirst() {
            DocumentMerge(session: session).merge(part, into: &document, shape: RootSection.type.shape, path: .root)
        }
        return document
    }

    private mutating func read(_ bytes: [UInt8], path: String, name: String) {
        guard session.count(bytes: bytes.count) else {
            session.report(
                .configurationTooLarge, "\(name): the files have more than \(DocumentLimits.bytes >> 20) MiB together",
                at: nil)
            return
        }
        guard let (file, text) = decode(bytes, path: path, name: name) else { return }
        guard let document = YAMLReader.read(text, file: file, session: session) else { return }
        guard case .mapping(let entries) = document.content else {
            session.report(
                .wrongType, "the file must be a mapping of keys to values, found \(document.kindInWords)",
                at: document.span)
            return
        }
        guard hasKnownVersion(entries) else { return }
        parts.append(document)
        guard let include = entries.first(where: { $0.key == RootSection.include.row.name }) else { return }
        let patterns = RootSection.include.type.decode(include.value, KeyPath.root.key(include.key), session) ?? []
        chain.append((session.files.canonical(path), name))
        for pattern in patterns where !session.isExhausted { follow(pattern) }
        chain.removeLast()
    }

    /// What was written for other rules is not looked at further. Whether a version must be given is asked later.
    private func hasKnownVersion(_ entries: [DocumentNode.Entry]) -> Bool {
        guard let version = entries.first(where: { $0.key == RootSection.version.row.name }) else { return true }
        return RootSection.version.type.decodePresent(version.value, KeyPath.root.key(version.key), session) != nil
    }

    private func decode(_ bytes: [UInt8], path: String, name: String) -> (file: Int, text: String)? {
        let directory = FilePath.directory(of: path)
        do throws(SourceText.Refusal) {
            let source = try SourceText(bytes)
            return (session.sources.add(SourceFile(name: name, directory: directory, text: source.text)), source.text)
        } catch {
            let file = session.sources.add(SourceFile(name: name, directory: directory, text: error.whole))
            let good = SourceFile(name: name, directory: directory, text: error.good).lines
            let column = (good.last?.unicodeScalars.count ?? 0) + 1
            session.report(
                error.reason, error.message, at: Span(file: file, line: good.count, column: column, length: 1))
            return nil
        }
    }

    private mutating func follow(_ pattern: Located<String>) {
        guard chain.count <= DocumentLimits.includeDepth else {
            session.report(
                .configurationTooLarge, "includes are more than \(DocumentLimits.includeDepth) deep", at: pattern.span,
                path: pattern.path)
            return
        }
        for path in expand(pattern) {
            guard session.paths.count < DocumentLimits.files else {
                session.report(
                    .configurationTooLarge, "more than \(DocumentLimits.files) files", at: pattern.span,
                    path: pattern.path)
                return
            }
            include(path, namedBy: pattern)
        }
    }

    private mutating func include(_ path: String, namedBy pattern: Located<String>) {
        let canonical = session.files.canonical(path)
        if let start = chain.firstIndex(where: { $0.path == canonical }) {
            let names = chain[start...].map(\.name) + [chain[start].name]
            session.report(
                .includeCycle, "files include each other: \(names.joined(separator: " → "))", at: pattern.span,
                label: "leads back", path: pattern.path)
            return
        }
        session.paths.append(path)
        let name = shownName(path)
        do throws(FileReadError) {
            read(try session.files.read(path, limit: DocumentLimits.bytes), path: path, name: name)
        } catch {
            session.report(
                .includeUnreadable, "included file \(name) \(error.words)", at: pattern.span, path: pattern.path)
        }
    }

    /// The files that a pattern names, by name. A pattern without `*` and `?` names one, whether it exists or not.
    private func expand(_ pattern: Located<String>) -> [String] {
        let absolute = session.absolute(pattern.value, namedAt: pattern.span)
        let name = FilePath.name(of: absolute)
        guard name.contains(where: { $0 == "*" || $0 == "?" }) else { return [absolute] }
        let directory = FilePath.directory(of: absolute)
        do throws(FileReadError) {
            let names = try session.files.names(in: directory)
            return names.filter { NamePattern.matches($0, name) }.sorted().map { directory + "/" + $0 }
        } catch {
            session.report(
                .includeUnreadable, "directory \(shownName(directory)) \(error.words)", at: pattern.span,
                path: pattern.path)
            return []
        }
    }

    /// Relative to the directory of the outermost file, as that file was named.
    private func shownName(_ path: String) -> String {
        guard let root = chain.first else { return path }
        let directory = FilePath.directory(of: root.path) + "/"
        let shown = FilePath.directory(of: root.name)
        guard path.hasPrefix(directory) else { return path }
        let rest = String(path.dropFirst(directory.count))
        return shown == "." ? rest : shown + "/" + rest
    }
}

/// `*` stands for any characters and `?` for one, within one part of a path. A leading dot must be written out.
enum NamePattern {
    static func matches(_ name: String, _ pattern: String) -> Bool {
        if name.hasPrefix(".") && !pattern.hasPrefix(".") { return false }
        return matches(Array(name.unicodeScalars)[...], Array(pattern.unicodeScalars)[...])
    }

    /// Linear but for going back to the last `*`.
    private static func matches(_ name: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
        var (at, wanted) = (name.startIndex, pattern.startIndex)
        var retry: (at: Int, wanted: Int)?
        while at < name.endIndex {
            if wanted < pattern.endIndex, pattern[wanted] == "*" {
                retry = (at, wanted)
                wanted += 1
            } else if wanted < pattern.endIndex, pattern[wanted] == "?" || pattern[wanted] == name[at] {
                (at, wanted) = (at + 1, wanted + 1)
            } else if let last = retry {
                retry = (last.at + 1, last.wanted)
                (at, wanted) = (last.at + 1, last.wanted + 1)
            } else {
                return false
            }
        }
        return pattern[wanted...].allSatisfy { $0 == "*" }
    }
}
