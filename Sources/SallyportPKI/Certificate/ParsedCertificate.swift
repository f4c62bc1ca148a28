import SallyportModel
import SwiftASN1
import X509

/// A certificate that could be read in full: every extension that has a meaning here is decoded.
///
/// Says nothing about trust or validity; `ChainVerifier` does.
package struct ParsedCertificate: Sendable {
    package let der: [UInt8]
    let certificate: CertificateContents
    let signature: CertificateSignature
    let envelope: CertificateEnvelope
    let keyKind: PublicKeyKind
    let extensions: CertificateExtensions

    /// - Throws: certificateMalformed, certificateAlgorithmForbidden, certificateKeyForbidden or
    ///   certificateExtensionInvalid; with subject, issuer and serial as soon as these could be read.
    package init(der: [UInt8]) throws(ChainRefusal) {
        let envelope = try Self.envelope(der)
        do throws(ChainRefusal) {
            try self.init(der: der, envelope: envelope)
        } catch {
            throw ChainRefusal(
                error.reason, error.detail, subject: DistinguishedNameText.text(envelope.subject),
                issuer: DistinguishedNameText.text(envelope.issuer), serial: envelope.serialText)
        }
    }

    private init(der: [UInt8], envelope: CertificateEnvelope) throws(ChainRefusal) {
        self.der = der
        self.envelope = envelope
        guard envelope.signatureAlgorithmsAgree else {
            throw ChainRefusal(.certificateMalformed, "the signature algorithm inside is not the one outside")
        }
        keyKind = try Self.keyKind(envelope.publicKeyInfo)
        guard let algorithm = SignatureAlgorithm(identifier: envelope.signatureAlgorithm) else {
            throw ChainRefusal(
                .certificateAlgorithmForbidden, "it is signed with an algorithm, or parameters, not known here")
        }
        signature = CertificateSignature(
            algorithm: algorithm, signed: envelope.signed, value: envelope.signature)
        do {
            certificate = try CertificateContents(envelope)
        } catch let refusal as ChainRefusal {
            throw refusal
        } catch {
            throw ChainRefusal(.certificateMalformed, PrintableText.make("\(error)"))
        }
        extensions = try CertificateExtensions(certificate.extensions)
    }

    /// RFC 4514 text, escaped.
    package var subject: String { DistinguishedNameText.text(envelope.subject) }
    package var issuer: String { DistinguishedNameText.text(envelope.issuer) }
    /// Name of the issuer.
    package var issuerDER: [UInt8] { envelope.issuer }
    /// Upper-case hex.
    package var serial: String { envelope.serialText }
    /// Seconds since 1970.
    package var notBefore: Int64 { envelope.notBefore }
    package var notAfter: Int64 { envelope.notAfter }
    package var isAuthority: Bool { extensions.isAuthority }
    /// `ECDSA P-256`
    package var keyName: String { "\(keyKind)" }

    private static func envelope(_ der: [UInt8]) throws(ChainRefusal) -> CertificateEnvelope {
        do {
            return try CertificateEnvelope(der: der)
        } catch {
            throw ChainRefusal(.certificateMalformed, "the DER encoding is damaged")
        }
    }

    private static func keyKind(_ publicKeyInfo: [UInt8]) throws(ChainRefusal) -> PublicKeyKind {
        do {
            if let kind = try PublicKeyKind(publicKeyInfo: publicKeyInfo) { return kind }
        } catch {
            throw ChainRefusal(.certificateMalformed, "the public key's encoding is damaged")
        }
        throw ChainRefusal(.certificateKeyForbidden, "the public key is of another kind or size than is allowed")
    }
}
