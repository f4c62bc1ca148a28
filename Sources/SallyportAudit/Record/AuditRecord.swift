/// An entry in its place. Its canonical bytes are one JSON object on one line: keys in a fixed order, no spaces, only
/// the escapes that JSON demands. One record has one spelling, so a hash over the bytes is a hash over the meaning.
package struct AuditRecord: Sendable, Hashable {
    /// From 1, without gaps.
    package var sequence: Int64
    package var entry: AuditEntry

    package init(sequence: Int64, entry: AuditEntry) {
        self.sequence = sequence
        self.entry = entry
    }

    /// Longest canonical form that is read.
    package static let longestBytes = 64 << 10

    static let version: Int64 = 1

    /// The optional texts, in the order of the canonical form; `generation` stands behind `rule`.
    static let textsBefore: [(name: String, path: any WritableKeyPath<AuditEntry, String?> & Sendable)] = [
        ("actor", \.actor), ("issuer", \.issuer), ("subject", \.subject), ("object", \.object), ("reason", \.reason),
        ("rule", \.rule),
    ]
    static let textsBehind: [(name: String, path: any WritableKeyPath<AuditEntry, String?> & Sendable)] = [
        ("request", \.request), ("connection", \.connection), ("address", \.address), ("detail", \.detail),
    ]

    package var canonicalBytes: [UInt8] {
        var writer = CanonicalWriter()
        writer.number("v", Self.version)
        writer.number("seq", sequence)
        writer.number("time", entry.time)
        writer.text("event", entry.event.rawValue)
        writer.text("outcome", entry.outcome.rawValue)
        for (name, path) in Self.textsBefore { writer.text(name, entry[keyPath: path]) }
        if let generation = entry.generation { writer.number("generation", Int64(generation)) }
        for (name, path) in Self.textsBehind { writer.text(name, entry[keyPath: path]) }
        return writer.finished()
    }

    /// Reads the canonical form and nothing else: other orders, spaces, escapes or keys are no record.
    package init?(canonical bytes: [UInt8]) {
        guard bytes.count <= Self.longestBytes else { return nil }
        var reader = CanonicalReader(bytes)
        guard reader.number("v") == Self.version, let sequence = reader.number("seq"), sequence > 0,
            let time = reader.number("time"),
            let event = reader.text("event").flatMap(AuditEvent.init(rawValue:)),
            let outcome = reader.text("outcome").flatMap(AuditOutcome.init(rawValue:))
        else { return nil }
        var entry = AuditEntry(event, outcome, at: time)
        for (name, path) in Self.textsBefore { entry[keyPath: path] = reader.text(name) }
        entry.generation = reader.number("generation").map { Int($0) }
        for (name, path) in Self.textsBehind { entry[keyPath: path] = reader.text(name) }
        guard reader.isAtEnd else { return nil }
        self.init(sequence: sequence, entry: entry)
    }
}
