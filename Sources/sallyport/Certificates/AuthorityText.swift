import SallyportConfig
import SallyportPKI

/// An authority for people and scripts: where it is, its generations, their states and their ends.
struct AuthorityText: CustomStringConvertible {
    let description: String
    let json: String

    /// - Parameter now: Seconds since 1970.
    init(_ authority: LocalAuthority, at now: Int64) {
        let generations = Self.generations(authority, at: now)
        description =
            ([
                "local CA       \(authority.state.rootCertificate)",
                "SHA-256        \(Fingerprint.text(authority.rootFingerprint))",
            ]
            + generations.map(\.line)).joined(separator: "\n")
        json =
            JSONValue.members([
                "file": .string(authority.state.rootCertificate),
                "sha256": .string(Fingerprint.text(authority.rootFingerprint)),
                "root": Self.certificate(authority.root),
                "intermediate": Self.certificate(authority.intermediate),
                "former": .array(authority.former.reversed().map { Self.former($0, at: now) }),
            ]).pretty
    }

    private struct Generation {
        var kind: FormerAuthority.Kind
        var subject: String
        var words: String

        var line: String {
            kind.rawValue + String(repeating: " ", count: 15 - kind.rawValue.count) + "\(subject)   \(words)"
        }
    }

    private static func generations(_ authority: LocalAuthority, at now: Int64) -> [Generation] {
        func lines(_ kind: FormerAuthority.Kind, _ current: ParsedCertificate) -> [Generation] {
            [Generation(kind: kind, subject: current.subject, words: "until \(LocalTime.minute(current.notAfter))")]
                + authority.former.reversed().filter { $0.kind == kind }.map {
                    Generation(kind: kind, subject: $0.subject, words: words($0, at: now))
                }
        }
        return lines(.root, authority.root) + lines(.intermediate, authority.intermediate)
    }

    private static func words(_ former: FormerAuthority, at now: Int64) -> String {
        switch former.state(at: now) {
        case .overlap: "in overlap, trusted until \(LocalTime.minute(former.trustedUntil))"
        case .ended: "ended \(LocalTime.minute(former.trustedUntil))"
        case .withdrawn: "withdrawn"
        }
    }

    private static func certificate(_ certificate: ParsedCertificate) -> JSONValue {
        .members([
            "subject": .string(certificate.subject), "serial": .string(certificate.serial),
            "notBefore": .integer(Int(certificate.notBefore)), "notAfter": .integer(Int(certificate.notAfter)),
        ])
    }

    private static func former(_ former: FormerAuthority, at now: Int64) -> JSONValue {
        .members([
            "kind": .string(former.kind.rawValue), "subject": .string(former.subject),
            "serial": .string(former.serial), "state": .string(former.state(at: now).rawValue),
            "notBefore": .integer(Int(former.notBefore)), "notAfter": .integer(Int(former.notAfter)),
            "replacedAt": .integer(Int(former.replacedAt)), "trustedUntil": .integer(Int(former.trustedUntil)),
        ])
    }
}
