import SallyportModel
import SwiftASN1
import X509

/// What RFC 5280 section 4 and the CA/Browser Forum's Baseline Requirements 7.1.2 demand of those who issue.
///
/// No rule here guards against an attacker by itself; a certificate that breaks one was made by software that may have
/// broken others. Asked for with `CertificateProfile.publicAuthority`.
struct IssuerConformance: Sendable {
    let now: Int64
    let purpose: Purpose

    func checkLeaf(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        try checkCommon(leaf)
        guard leaf.extensions.authorityKeyIdentifier?.keyIdentifier != nil else {
            throw refusal(.certificateExtensionInvalid, leaf, "has no authorityKeyIdentifier")
        }
        guard !leaf.envelope.isEmptySubject || isCritical(.X509ExtensionID.subjectAlternativeName, leaf) else {
            throw refusal(.certificateExtensionInvalid, leaf, "has no subject and no critical subjectAltName")
        }
        if case .client = purpose { return }
        guard leaf.envelope.isEmptySubject || !isCritical(.X509ExtensionID.subjectAlternativeName, leaf) else {
            throw refusal(.certificateExtensionInvalid, leaf, "has a critical subjectAltName beside a subject")
        }
        try checkServerUsage(leaf)
        try checkCommonName(CertificateReader.facts(leaf), leaf)
    }

    func checkIntermediate(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        try checkCommon(certificate)
        try checkAuthority(certificate)
        guard certificate.extensions.authorityKeyIdentifier?.keyIdentifier != nil else {
            throw refusal(.certificateExtensionInvalid, certificate, "has no authorityKeyIdentifier")
        }
    }

    func checkAnchor(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        guard certificate.envelope.version == 3 else {
            throw refusal(.certificateVersionUnsupported, certificate, "is version \(certificate.envelope.version)")
        }
        try checkCommon(certificate)
        try checkAuthority(certificate)
        guard certificate.extensions.extendedKeyUsage == nil else {
            throw refusal(.certificateExtensionInvalid, certificate, "is a root with an extended key usage")
        }
        try checkAnchorKeyIdentifier(certificate)
    }

    private func checkCommon(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        guard certificate.envelope.hasConformingTimes else {
            throw refusal(.certificateMalformed, certificate, "writes a time in the wrong form")
        }
        if case .rsa(let bits) = certificate.keyKind, !bits.isMultiple(of: 8) {
            throw refusal(.certificateKeyForbidden, certificate, "has an RSA key of \(bits) bits, not a multiple of 8")
        }
        guard !certificate.envelope.isEmptyIssuer else {
            throw refusal(.certificateMalformed, certificate, "has no issuer")
        }
    }

    private func checkAuthority(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        guard !certificate.envelope.isEmptySubject else {
            throw refusal(.certificateExtensionInvalid, certificate, "is an authority without a subject")
        }
        guard isCritical(.X509ExtensionID.basicConstraints, certificate) else {
            throw refusal(.certificateExtensionInvalid, certificate, "has basicConstraints that are not critical")
        }
        guard certificate.extensions.subjectKeyIdentifier != nil else {
            throw refusal(.certificateExtensionInvalid, certificate, "is an authority without subjectKeyIdentifier")
        }
    }

    /// A self-signed root may leave it out; if it is there, it names the root's own key and nothing else.
    private func checkAnchorKeyIdentifier(_ certificate: ParsedCertificate) throws(ChainRefusal) {
        let extensions = certificate.extensions
        guard let identifier = extensions.authorityKeyIdentifier else {
            guard certificate.envelope.isSelfIssued else {
                throw refusal(.certificateExtensionInvalid, certificate, "has no authorityKeyIdentifier")
            }
            return
        }
        guard let key = identifier.keyIdentifier, identifier.authorityCertIssuer == nil,
            identifier.authorityCertSerialNumber == nil,
            !certificate.envelope.isSelfIssued || Array(key) == extensions.subjectKeyIdentifier
        else {
            throw refusal(
                .certificateExtensionInvalid, certificate, "has an authorityKeyIdentifier that is not its own")
        }
    }

    private func checkServerUsage(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        guard let usages = leaf.extensions.extendedKeyUsage, !usages.contains(.any) else {
            throw refusal(.certificateUsageForbidden, leaf, "has no extended key usage, or any")
        }
        guard !isCritical(.X509ExtensionID.extendedKeyUsage, leaf) else {
            throw refusal(.certificateExtensionInvalid, leaf, "has a critical extended key usage")
        }
    }

    /// Baseline Requirements 7.1.4.3: a common name repeats one of the alternative names, character for character.
    private func checkCommonName(_ facts: CertificateFacts, _ leaf: ParsedCertificate) throws(ChainRefusal) {
        guard let name = facts.commonName else { return }
        let names = (leaf.extensions.alternativeNames ?? []).compactMap { alternative -> [UInt8]? in
            switch alternative {
            case .dns(let bytes): bytes
            case .address(let bytes): IPAddressText.text(bytes).map { Array($0.utf8) }
            default: nil
            }
        }
        guard names.contains(Array(name.utf8)) else {
            throw refusal(.certificateNamesUnreadable, leaf, "has a common name that is not in subjectAltName")
        }
    }

    private func isCritical(_ oid: ASN1ObjectIdentifier, _ certificate: ParsedCertificate) -> Bool {
        certificate.extensions.critical.contains(oid)
    }
}

extension CertificateEnvelope {
    private static let emptyName: [UInt8] = [DERTag.sequence, 0]
    var isEmptySubject: Bool { subject == Self.emptyName }
    var isEmptyIssuer: Bool { issuer == Self.emptyName }
}
