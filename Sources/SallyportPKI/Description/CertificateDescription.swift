import Crypto
import FoundationEssentials
import SallyportModel

/// A certificate for people and for scripts: `cert inspect` and `cert list`.
package struct CertificateDescription: Sendable {
    private let certificate: ParsedCertificate
    private let facts: Result<CertificateFacts, ChainRefusal>
    private let revokedAt: Int64?

    /// - Parameter revokedAt: when its authority withdrew it, seconds since 1970; nil where that is not known.
    package init(_ certificate: ParsedCertificate, revokedAt: Int64? = nil) {
        self.certificate = certificate
        self.revokedAt = revokedAt
        facts = Result { () throws(ChainRefusal) in try CertificateReader.facts(certificate) }
    }

    /// Several lines, no trailing newline.
    package func text(at now: Int64) -> String {
        let rows = rows(at: now)
        let width = rows.map(\.label.count).max() ?? 0
        return rows.map { row in
            row.label + String(repeating: " ", count: width + 2 - row.label.count) + row.value
        }.joined(separator: "\n")
    }

    /// One JSON object with the keys of `CertificateDocument`.
    package func json(at now: Int64) -> String {
        Self.encode(CertificateDocument(certificate, facts: facts, revokedAt: revokedAt, at: now))
    }

    /// What `text` shows, one fact a row.
    package func rows(at now: Int64) -> [(label: String, value: String)] {
        var rows = [
            ("Subject", PrintableText.make(certificate.subject)), ("Issuer", PrintableText.make(certificate.issuer)),
            ("Serial", certificate.serial),
        ]
        switch facts {
        case .success(let facts):
            rows += facts.dnsNames.map { ("DNS name", $0) } + facts.addresses.map { ("IP address", $0) }
            rows += facts.uris.map { ("URI", $0) } + facts.emails.map { ("E-mail", $0) }
        case .failure(let refusal):
            rows.append(("Names", "\(refusal.reason.name) \(refusal.detail)"))
        }
        rows.append(("Valid from", CertificateTime.text(certificate.notBefore)))
        rows.append(
            ("Valid to", CertificateTime.text(certificate.notAfter) + " (\(Self.remaining(certificate, at: now)))"))
        if let revokedAt { rows.append(("State", "revoked at \(CertificateTime.text(revokedAt))")) }
        rows.append(("Key", "\(certificate.keyKind)"))
        rows.append(("Signed with", certificate.signatureName))
        rows.append(("Use", certificate.uses.joined(separator: ", ")))
        rows.append(("SHA-256", Hexadecimal.text(SHA256.hash(data: certificate.der), separator: ":")))
        return rows
    }

    /// `cert list` as an aligned table with a heading.
    package static func table(_ records: [IssuedRecord], at now: Int64) -> String {
        let heading = ["NAME", "KIND", "VALID TO", "STATE", "SERIAL"]
        let rows =
            [heading]
            + records.map { record in
                [
                    PrintableText.make(record.name, limit: 64), record.kind.rawValue,
                    CertificateTime.text(record.notAfter),
                    record.state(at: now).rawValue, record.serial,
                ]
            }
        let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).dropLast().map { $0 + String(repeating: " ", count: $1 + 2 - $0.count) }.joined()
                + (row.last ?? "")
        }.joined(separator: "\n")
    }

    /// `cert list --json`: one array; times in seconds since 1970.
    package static func json(_ records: [IssuedRecord]) -> String { encode(records) }

    /// `expired 3 days ago`, `82 % of its life left, 74 days`, `not yet valid`.
    private static func remaining(_ certificate: ParsedCertificate, at now: Int64) -> String {
        if now > certificate.notAfter { return "expired \(CertificateTime.duration(now - certificate.notAfter)) ago" }
        if now < certificate.notBefore { return "not valid before \(CertificateTime.text(certificate.notBefore))" }
        let share = Int(certificate.lifeLeft(at: now) * 100)
        return "\(CertificateTime.duration(certificate.notAfter - now)) left, \(share) % of its life"
    }

    private static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            return #"{"error": "not encodable"}"#
        }
    }
}

extension IssuedRecord {
    package enum State: String, Sendable, Codable {
        case valid, expired, revoked
        case notYetValid = "not yet valid"
    }

    package func state(at now: Int64) -> State {
        if revokedAt != nil { return .revoked }
        if now > notAfter { return .expired }
        return now < notBefore ? .notYetValid : .valid
    }
}
