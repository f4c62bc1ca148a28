import SallyportModel
import SwiftASN1
import X509

/// The rules that concern one certificate by itself. Each names what it found, for the operator.
struct CertificateRules: Sendable {
    let purpose: Purpose
    let profile: CertificateProfile
    /// Seconds since 1970.
    let now: Int64

    /// What a peer's own certificate must be.
    func checkLeaf(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        try checkVersion(leaf)
        try checkSerial(leaf)
        try checkTime(leaf, expired: .certificateExpired)
        try checkSignatureAlgorithm(leaf)
        try checkCriticalExtensions(leaf)
        guard !leaf.isAuthority else {
            throw refusal(.certificateIsAuthority, leaf, "has basicConstraints CA:TRUE")
        }
        try checkLeafUsage(leaf)
        guard leaf.extensions.nameConstraints == nil else {
            throw refusal(.certificateExtensionInvalid, leaf, "has nameConstraints without being an authority")
        }
        if profile == .publicAuthority { try IssuerConformance(now: now, purpose: purpose).checkLeaf(leaf) }
    }

    /// What a certificate must be that others on the path are signed with.
    func checkIntermediate(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        try checkVersion(certificate)
        try checkSerial(certificate)
        try checkSignatureAlgorithm(certificate)
        try checkAuthority(certificate)
        if profile == .publicAuthority {
            try IssuerConformance(now: now, purpose: purpose).checkIntermediate(certificate)
        }
    }

    /// A root is trusted as it stands, but not beyond what it says about itself. One of version 1 says nothing.
    func checkAnchor(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        if certificate.envelope.version == 3 {
            try checkAuthority(certificate)
        } else {
            try checkTime(certificate, expired: .certificateIssuerExpired)
        }
        if profile == .publicAuthority { try IssuerConformance(now: now, purpose: purpose).checkAnchor(certificate) }
    }

    private func checkAuthority(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        try checkTime(certificate, expired: .certificateIssuerExpired)
        try checkCriticalExtensions(certificate)
        guard certificate.isAuthority else {
            throw refusal(.certificateIssuerNotAuthority, certificate, "lacks basicConstraints CA:TRUE")
        }
        if let usage = certificate.extensions.keyUsage, !usage.keyCertSign {
            throw refusal(.certificateIssuerNotAuthority, certificate, "lacks the key usage keyCertSign")
        }
        if let usages = certificate.extensions.extendedKeyUsage, !usages.contains(requiredUsage), !usages.contains(.any)
        {
            throw refusal(.certificateUsageForbidden, certificate, "may issue for other uses only, not \(usageName)")
        }
    }

    private func checkVersion(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        guard certificate.envelope.version == 3 else {
            throw refusal(.certificateVersionUnsupported, certificate, "is version \(certificate.envelope.version)")
        }
    }

    private func checkSerial(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        let serial = certificate.envelope.serial
        guard serial.count <= 20, let first = serial.first, first & 0x80 == 0, serial.contains(where: { $0 != 0 })
        else { throw refusal(.certificateSerialInvalid, certificate, "has the serial number \(certificate.serial)") }
    }

    private func checkTime(_ certificate: ParsedCertificate, expired: Reason) throws(ChainRefusal) {
        guard now >= certificate.notBefore else {
            throw refusal(
                .certificateNotYetValid, certificate, "is valid from \(CertificateTime.text(certificate.notBefore))")
        }
        guard now <= certificate.notAfter else {
            throw refusal(expired, certificate, "expired at \(CertificateTime.text(certificate.notAfter))")
        }
    }

    private static let allowedSignatures: Set<Certificate.SignatureAlgorithm> = [
        .ecdsaWithSHA256, .ecdsaWithSHA384, .ecdsaWithSHA512, .sha256WithRSAEncryption, .sha384WithRSAEncryption,
        .sha512WithRSAEncryption, .ed25519,
    ]

    private func checkSignatureAlgorithm(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        guard Self.allowedSignatures.contains(certificate.certificate.signatureAlgorithm) else {
            throw refusal(.certificateAlgorithmForbidden, certificate, "is signed with another algorithm")
        }
    }

    /// Extensions whose meaning is enforced here. Policies need no work as long as none is required of a path.
    private static let understood: Set<ASN1ObjectIdentifier> = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.nameConstraints, .certificatePolicies,
    ]

    private func checkCriticalExtensions(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        guard let unknown = certificate.extensions.critical.subtracting(Self.understood).first else { return }
        throw refusal(.certificateExtensionUnknown, certificate, "has the critical extension \(unknown)")
    }

    private func checkLeafUsage(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        if let usage = leaf.extensions.keyUsage {
            guard usage.digitalSignature else {
                throw refusal(.certificateUsageForbidden, leaf, "has a key usage without digitalSignature")
            }
            guard !usage.keyCertSign else {
                throw refusal(.certificateExtensionInvalid, leaf, "has the key usage keyCertSign without being a CA")
            }
        }
        switch (purpose, leaf.extensions.extendedKeyUsage) {
        case (_, let usages?) where usages.contains(requiredUsage): return
        case (.server, nil): return
        case (_, nil):
            throw refusal(.certificateUsageForbidden, leaf, "has no extended key usage, clientAuth is needed")
        case (_, _?): throw refusal(.certificateUsageForbidden, leaf, "lacks the extended key usage \(usageName)")
        }
    }

    private var requiredUsage: ExtendedKeyUsage.Usage {
        if case .client = purpose { .clientAuth } else { .serverAuth }
    }

    private var usageName: String {
        if case .client = purpose { "clientAuth" } else { "serverAuth" }
    }
}

/// `CN=alice (serial 0A1B): lacks …`, cut to a size that a log line can hold.
func refusal(_ reason: Reason, _ certificate: ParsedCertificate, _ rule: String) -> ChainRefusal {
    let name = certificate.subject.isEmpty ? "(no subject)" : certificate.subject
    return ChainRefusal(
        reason, "\(PrintableText.make(name, limit: 256)) (serial \(certificate.serial.prefix(64))) \(rule)")
}
