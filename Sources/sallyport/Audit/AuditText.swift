import SallyportAudit
import SallyportConfig
import SallyportPKI

/// Records and reports for people and scripts.
enum AuditText {
    /// One line; what peers wrote is made printable.
    static func line(_ link: AuditLink) -> String {
        guard let record = link.record else { return "\(link.sequence)  cannot be read: sallyport audit verify" }
        let entry = record.entry
        let words: [String?] = [
            "\(record.sequence)", LocalTime.second(entry.time / 1_000_000_000), entry.event.rawValue, entry.outcome.rawValue,
            entry.reason, entry.actor.map { "by \($0)" }, entry.object, entry.rule.map { "rule \($0)" },
            entry.address.map { "from \($0)" }, entry.generation.map { "generation \($0)" },
            entry.request.map { "request \($0)" }, entry.connection, entry.detail,
        ]
        return PrintableText.make(words.compactMap(\.self).joined(separator: "  "), limit: 4096)
    }

    /// One JSON object on one line: the record as it was written, and its hash.
    static func json(_ link: AuditLink) -> String {
        guard link.record != nil else { return "{\"seq\":\(link.sequence),\"unreadable\":true}" }
        return String(decoding: link.body.dropLast(), as: UTF8.self) + ",\"previous\":\"\(link.previous)\",\"hash\":\"\(link.hash)\"}"
    }

    static func json(_ checkpoint: AuditCheckpoint) -> JSONValue {
        .members([
            "kind": .string(checkpoint.kind.rawValue), "seq": .integer(Int(checkpoint.head.sequence)),
            "hash": .string(checkpoint.head.hash.description), "time": .integer(Int(checkpoint.time)),
            "key": .string(checkpoint.key), "signature": .string(checkpoint.signatureText),
        ])
    }

    static func text(_ report: AuditReport) -> String {
        var lines = report.findings.map { "✘ \($0.text)" }
        if report.moreFindings > 0 { lines.append("✘ and \(report.moreFindings) more") }
        lines += report.declared.map { "• records \($0.missing.lowerBound) to \($0.missing.upperBound) are missing, as record \($0.by) declares" }
        lines += report.unknownKeys.sorted().map { "• checkpoints of key \($0) were not checked: it is not known here; give its file with --key" }
        let range = report.first.map { "\($0) to \(report.head.sequence)" } ?? "none"
        let mark = report.isSound ? Terminal.tick : "✘"
        lines.append("\(mark) \(report.records) records (\(range)), \(report.checkpoints) checkpoints")
        lines.append("  head  \(report.head.text)")
        return lines.joined(separator: "\n")
    }

    static func json(_ report: AuditReport) -> String {
        JSONValue.members([
            "sound": .bool(report.isSound), "records": .integer(Int(report.records)),
            "first": report.first.map { .integer(Int($0)) }, "last": .integer(Int(report.head.sequence)),
            "head": .string(report.head.text), "checkpoints": .integer(report.checkpoints),
            "unknownKeys": .strings(report.unknownKeys.sorted()),
            "findings": .array(
                report.findings.map { .members(["kind": .string($0.kind), "text": .string($0.text)]) }),
            "moreFindings": .integer(report.moreFindings),
            "declared": .array(
                report.declared.map {
                    .members([
                        "from": .integer(Int($0.missing.lowerBound)), "to": .integer(Int($0.missing.upperBound)),
                        "by": .integer(Int($0.by)),
                    ])
                }),
        ]).pretty
    }
}
