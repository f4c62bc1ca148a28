import SallyportModel
import SwiftASN1
import X509

/// What checks compare, in words.
extension ParsedCertificate {
    /// `2026-11-20 00:00:00Z … 2026-11-21 00:00:00Z, expired 3 days ago`
    func validityText(at now: Int64) -> String {
        let span = "\(CertificateTime.text(notBefore)) … \(CertificateTime.text(notAfter))"
        if now > notAfter { return "\(span), expired \(CertificateTime.duration(now - notAfter)) ago" }
        if now < notBefore { return "\(span), begins in \(CertificateTime.duration(notBefore - now))" }
        return "\(span), \(CertificateTime.duration(notAfter - now)) left"
    }

    var basicConstraintsText: String {
        guard extensions.basicConstraints != nil else { return "not stated" }
        guard isAuthority else { return "CA:FALSE" }
        return "CA:TRUE" + (extensions.pathLength.map { ", path length \($0)" } ?? "")
    }

    var keyUsageText: String { extensions.keyUsage.map { "\($0)" } ?? "not stated" }

    var extendedKeyUsageText: String {
        extensions.extendedKeyUsage.map { $0.map { "\($0)" }.joined(separator: ", ") } ?? "not stated"
    }

    var criticalText: String {
        extensions.critical.isEmpty ? "none" : extensions.critical.map(Self.name).sorted().joined(separator: ", ")
    }

    private static func name(of oid: ASN1ObjectIdentifier) -> String {
        switch oid {
        case .X509ExtensionID.basicConstraints: "basicConstraints"
        case .X509ExtensionID.keyUsage: "keyUsage"
        case .X509ExtensionID.extendedKeyUsage: "extKeyUsage"
        case .X509ExtensionID.subjectAlternativeName: "subjectAltName"
        case .X509ExtensionID.nameConstraints: "nameConstraints"
        case .certificatePolicies: "certificatePolicies"
        default: "\(oid)"
        }
    }

    /// All names that the certificate bears.
    static func namesText(_ facts: CertificateFacts) -> String {
        let names = [facts.commonName.map { "CN=\($0)" }].compactMap(\.self)
        let all = names + facts.uris + facts.dnsNames + facts.addresses + facts.emails
        return all.isEmpty ? "none" : all.prefix(16).joined(separator: ", ") + (all.count > 16 ? ", …" : "")
    }
}
