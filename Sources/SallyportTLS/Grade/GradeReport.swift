import SallyportConfig
import SallyportPKI

/// The grades of one peer or listener, for people and for programs.
package struct GradeReport: Sendable {
    /// What was looked at: a listener, an upstream, or an address.
    package let subject: String
    package let posture: ServerPosture
    package let grades: [GuidelineGrade]
    /// The guideline that decides.
    package let asked: String

    /// - Parameters:
    ///   - guidelines: those to show; the one that was asked for among them.
    ///   - asked: the name of the guideline that decides.
    package init(subject: String, posture: ServerPosture, guidelines: [Guideline], asked: String) {
        self.subject = subject
        self.posture = posture
        self.asked = asked
        grades = guidelines.map { GuidelineGrade($0, of: posture) }
    }

    /// Whether the guideline that was asked for is met, and everything it needs could be seen.
    package var passes: Bool {
        grades.first { $0.guideline.name == asked }?.result == .pass
    }

    // MARK: text

    package var text: String {
        var lines = [subject, "  " + postureLine]
        for certificate in posture.certificates { lines.append("  " + Self.line(certificate)) }
        for gap in posture.gaps { lines.append("  not found out: \(gap)") }
        for grade in grades { lines += Self.lines(grade, isAsked: grade.guideline.name == asked) }
        return lines.joined(separator: "\n")
    }

    private var postureLine: String {
        let counts = "\(posture.suites.count) cipher \(posture.suites.count == 1 ? "suite" : "suites")"
        let clients = posture.asksForClientCertificate ? ["asks for a client certificate"] : []
        return ([
            posture.versions.map(\.name).joined(separator: ", "), counts,
            "groups " + posture.groups.map(\.name).joined(separator: ", "),
        ] + clients).joined(separator: " · ")
    }

    private static func line(_ certificate: CertificateStrength) -> String {
        let days = "\(certificate.days) \(certificate.days == 1 ? "day" : "days")"
        return "certificate \(certificate.subject.prefix(200)) · \(certificate.key) · \(certificate.signature) · \(days)"
    }

    private static func lines(_ grade: GuidelineGrade, isAsked: Bool) -> [String] {
        let name = grade.guideline.name + String(repeating: " ", count: max(0, 20 - grade.guideline.name.count))
        let head = "  \(grade.result.rawValue)  \(name)  \(grade.guideline.title)\(isAsked ? "  (asked for)" : "")"
        return [head]
            + grade.findings.flatMap { finding in
                let word = finding.weight == .required ? "" : "advice, "
                return ["        \(word)\(finding.place): \(finding.seen)", "          fix: \(finding.fix)"]
            }
    }

    // MARK: JSON

    package var json: JSONValue {
        .members([
            "subject": .string(subject),
            "asked": .string(asked),
            "passes": .bool(passes),
            "posture": postureJSON,
            "guidelines": .array(grades.map(Self.json)),
        ])
    }

    private static func json(_ grade: GuidelineGrade) -> JSONValue {
        .members([
            "name": .string(grade.guideline.name),
            "title": .string(grade.guideline.title),
            "source": .string(grade.guideline.source),
            "result": .string(grade.result.rawValue),
            "findings": .array(
                grade.findings.map { finding in
                    .members([
                        "rule": .string(finding.place), "weight": .string(finding.weight.rawValue),
                        "seen": .string(finding.seen), "fix": .string(finding.fix),
                    ])
                }),
        ])
    }

    private var postureJSON: JSONValue {
        .members([
            "versions": .strings(posture.versions.map(\.name)),
            "suites13": .strings(posture.suites13.map(\.name)),
            "suites12": .strings(posture.suites12.map(\.name)),
            "groups": .strings(posture.groups.map(\.name)),
            "primeBits": posture.primeBits.map(JSONValue.integer),
            "signatureSchemes": .strings(posture.schemes.map(\.name)),
            "compression": .bool(posture.compresses),
            "secureRenegotiation": posture.hasSecureRenegotiation.map(JSONValue.bool),
            "extendedMasterSecret": posture.hasExtendedMasterSecret.map(JSONValue.bool),
            "serverOrder": posture.prefersOwnOrder.map(JSONValue.bool),
            "refusesFallback": posture.refusesFallback.map(JSONValue.bool),
            "clientCertificateAsked": .bool(posture.asksForClientCertificate),
            "certificates": .array(posture.certificates.map(Self.json)),
            "connections": .integer(posture.connections),
            "gaps": .strings(posture.gaps),
        ])
    }

    private static func json(_ certificate: CertificateStrength) -> JSONValue {
        .members([
            "subject": .string(certificate.subject), "issuer": .string(certificate.issuer),
            "key": .string(certificate.key.description), "signature": .string(certificate.signature),
            "notBefore": .integer(Int(certificate.notBefore)), "notAfter": .integer(Int(certificate.notAfter)),
            "days": .integer(certificate.days),
        ])
    }
}
