import SallyportModel
import SwiftASN1
import X509

/// What the rules on one certificate by itself need to know. Each rule names what it found, for the operator.
struct CertificateRules: Sendable {
    let purpose: Purpose
    let profile: CertificateProfile
    /// Seconds since 1970.
    let now: Int64

    var conformance: IssuerConformance { IssuerConformance(now: now, purpose: purpose) }

    func checkIsNoAuthority(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        guard !leaf.isAuthority else {
            throw refusal(.certificateIsAuthority, leaf, "has basicConstraints CA:TRUE")
        }
    }

    func checkHasNoNameConstraints(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        guard leaf.extensions.nameConstraints == nil else {
            throw refusal(.certificateExtensionInvalid, leaf, "has nameConstraints without being an authority")
        }
    }

    func checkIsAuthority(_ issuer: ParsedCertificate) throws(ChainRefusal) {
        guard issuer.isAuthority else {
            throw refusal(.certificateIssuerNotAuthority, issuer, "lacks basicConstraints CA:TRUE")
        }
    }

    func checkMaySign(_ issuer: ParsedCertificate) throws(ChainRefusal) {
        guard issuer.extensions.keyUsage?.keyCertSign ?? true else {
            throw refusal(.certificateIssuerNotAuthority, issuer, "lacks the key usage keyCertSign")
        }
    }

    /// An authority's extended key usage bounds what the certificates below it are good for.
    func checkMayIssueForPurpose(_ issuer: ParsedCertificate) throws(ChainRefusal) {
        guard let usages = issuer.extensions.extendedKeyUsage else { return }
        guard usages.contains(requiredUsage) || usages.contains(.any) else {
            throw refusal(.certificateUsageForbidden, issuer, "may issue for other uses only, not \(usageName)")
        }
    }

    func checkVersion(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        guard certificate.envelope.version == 3 else {
            throw refusal(.certificateVersionUnsupported, certificate, "is version \(certificate.envelope.version)")
        }
    }

    func checkSerial(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        let serial = certificate.envelope.serial
        guard serial.count <= 20, let first = serial.first, first & 0x80 == 0, serial.contains(where: { $0 != 0 })
        else { throw refusal(.certificateSerialInvalid, certificate, "has the serial number \(certificate.serial)") }
    }

    /// Roots with the serial number 0 and long ones are older than the rule and in use.
    func checkSerialIsNotNegative(_ anchor: ParsedCertificate) throws(ChainRefusal) {
        guard anchor.envelope.serial.first.map({ $0 & 0x80 == 0 }) ?? false else {
            throw refusal(.certificateSerialInvalid, anchor, "has the serial number \(anchor.serial)")
        }
    }

    /// RFC 5280 section 6.1 has paths refused that lack a policy somebody above demands. Policies are not followed here,
    /// so whoever demands one is refused, critical or not.
    func checkDemandsNoPolicy(_ issuer: ParsedCertificate) throws(ChainRefusal) {
        guard !issuer.extensions.hasPolicyConstraints else {
            throw refusal(.certificatePolicyRequired, issuer, "has policyConstraints")
        }
    }

    func checkTime(_ certificate: ParsedCertificate, expired: Reason) throws(ChainRefusal) {
        guard now >= certificate.notBefore else {
            throw refusal(
                .certificateNotYetValid, certificate, "is valid from \(CertificateTime.text(certificate.notBefore))")
        }
        guard now <= certificate.notAfter else {
            throw refusal(expired, certificate, "expired at \(CertificateTime.text(certificate.notAfter))")
        }
    }

    func checkSignatureAlgorithm(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        let algorithm = certificate.signature.algorithm
        guard algorithm.isAllowed else {
            throw refusal(.certificateAlgorithmForbidden, certificate, "is signed with \(algorithm)")
        }
    }

    /// Extensions whose meaning is enforced here. Policies need no work as long as none is required of a path.
    private static let understood: Set<ASN1ObjectIdentifier> = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.nameConstraints, .certificatePolicies,
    ]

    func checkCriticalExtensions(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        guard let unknown = certificate.extensions.critical.subtracting(Self.understood).first else { return }
        throw refusal(.certificateExtensionUnknown, certificate, "has the critical extension \(unknown)")
    }

    func checkLeafKeyUsage(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        guard let usage = leaf.extensions.keyUsage else { return }
        guard usage.digitalSignature else {
            throw refusal(.certificateUsageForbidden, leaf, "has a key usage without digitalSignature")
        }
        guard !usage.keyCertSign else {
            throw refusal(.certificateExtensionInvalid, leaf, "has the key usage keyCertSign without being a CA")
        }
    }

    func checkLeafExtendedKeyUsage(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        switch (purpose, leaf.extensions.extendedKeyUsage) {
        case (_, let usages?) where usages.contains(requiredUsage): return
        case (.server, nil): return
        case (_, nil):
            throw refusal(.certificateUsageForbidden, leaf, "has no extended key usage, \(usageName) is needed")
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
