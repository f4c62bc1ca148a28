import FoundationEssentials
import SallyportModel

/// The deny list in the state directory: `revocation/denied.json`, always written whole.
package struct DenyListFile: Sendable {
    private static let maximumBytes = 32 << 20
    private static let maximumEntries = 100_000

    private let state: StateDirectory
    package let path: String

    package init(_ state: StateDirectory) {
        self.state = state
        path = state.revocationFile("denied.json")
    }

    /// Empty when there is no file. A file that is damaged anywhere is refused: the damage might be a line of it.
    package func entries() throws(PKIError) -> [DenyEntry] {
        guard FileContents.exists(path) else { return [] }
        let contents = try FileContents.read(path, limit: Self.maximumBytes)
        do {
            let entries = try JSONDecoder().decode([DenyEntry].self, from: Data(contents))
            guard entries.count <= Self.maximumEntries else { throw unusable("it has more than \(Self.maximumEntries) lines") }
            return entries
        } catch let error as PKIError {
            throw error
        } catch {
            throw unusable("it is not a list of what is denied")
        }
    }

    /// - Returns: false when it stands there already.
    package func add(_ entry: DenyEntry) throws(PKIError) -> Bool {
        try change { entries throws(PKIError) in
            guard !entries.contains(where: { $0.subject == entry.subject }) else { return false }
            guard entries.count < Self.maximumEntries else { throw unusable("it is full: \(Self.maximumEntries) lines") }
            entries.append(entry)
            return true
        }
    }

    /// - Throws: denyEntryMissing when it does not stand there.
    package func remove(_ subject: DenyEntry.Subject) throws(PKIError) -> DenyEntry {
        try change { entries throws(PKIError) in
            guard let index = entries.firstIndex(where: { $0.subject == subject }) else {
                let text = DenyEntry(subject, since: 0, reason: .unspecified).text
                throw PKIError(.denyEntryMissing, PrintableText.make(text, limit: 200), "it is not denied")
            }
            return entries.remove(at: index)
        }
    }

    private func change<Value>(_ body: (inout [DenyEntry]) throws(PKIError) -> Value) throws(PKIError) -> Value {
        try state.prepare()
        return try state.withAuthorityLock { () throws(PKIError) in
            let before = try self.entries()
            var entries = before
            let value = try body(&entries)
            if entries != before { try write(entries) }
            return value
        }
    }

    private func write(_ entries: [DenyEntry]) throws(PKIError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do {
            bytes = Array(try encoder.encode(entries)) + [UInt8(ascii: "\n")]
        } catch {
            throw PKIError(.stateWriteFailed, path, "the deny list cannot be encoded")
        }
        try StateDirectory.writeAtomically(bytes, to: path, mode: 0o600)
    }

    private func unusable(_ detail: String) -> PKIError { PKIError(.denyListUnusable, path, detail) }
}
