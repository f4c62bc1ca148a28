/// The operator's own deny list, ready for look-ups whose cost does not depend on its length.
package struct DenyList: Sendable {
    package let entries: [DenyEntry]
    private var serials: [SerialNumber: [DenyEntry]] = [:]
    private var keys: [[UInt8]: DenyEntry] = [:]
    private var identifiers: [String: DenyEntry] = [:]
    private var issuers: [String: DenyEntry] = [:]
    private var namesIssuers: Bool { !issuers.isEmpty }

    package static let empty = DenyList([])

    package init(_ entries: [DenyEntry]) {
        self.entries = entries
        for entry in entries {
            switch entry.subject {
            case .serial(let text, _):
                if let number = SerialNumber(hexadecimal: text) { serials[number, default: []].append(entry) }
            case .key(let text):
                if let bytes = Hexadecimal.bytes(text.utf8) { keys[bytes] = entry }
            case .spiffe(let uri): identifiers[uri] = entry
            case .issuer(let issuer): issuers[issuer] = entry
            }
        }
    }

    /// The first entry that a path meets, leaf first, and what it met.
    func match(_ path: StatusPath) -> (entry: DenyEntry, met: String)? {
        guard !entries.isEmpty else { return nil }
        if let entry = path.subjects.first?.uris.lazy.compactMap({ identifiers[$0] }).first {
            return (entry, path.subjects[0].description)
        }
        for subject in path.subjects {
            if let entry = match(subject, authority: path.authority) { return (entry, subject.description) }
        }
        if let entry = issuers[path.authority] { return (entry, "authority \(path.authority)") }
        return keys[path.anchorKeyFingerprint].map { ($0, "the key of authority \(path.authority)") }
    }

    private func match(_ subject: StatusSubject, authority: String) -> DenyEntry? {
        if let entry = keys[subject.keyFingerprint] { return entry }
        let numbered = subject.serial.flatMap { serials[$0] } ?? []
        guard namesIssuers || !numbered.isEmpty else { return nil }
        let issuer = RawDistinguishedName.text(der: subject.issuer)
        for entry in numbered {
            guard case .serial(_, let wanted?) = entry.subject else { return entry }
            if wanted == issuer || wanted == authority { return entry }
        }
        return issuers[issuer]
    }
}
