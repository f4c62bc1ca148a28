import Crypto
import CryptoExtras
import FoundationEssentials
import SallyportModel

/// Writes revocation lists (RFC 5280 section 5): version 2, complete, with a number and a key identifier.
struct CertificateListWriter {
    struct Revoked {
        let serial: SerialNumber
        /// Seconds since 1970.
        let date: Int64
        let reason: RevocationReason
    }

    let issuer: ParsedCertificate
    let key: PrivateKey
    /// Seconds since 1970.
    let thisUpdate: Int64
    let nextUpdate: Int64
    let number: Int

    /// DER.
    func write(_ revoked: [Revoked]) throws(PKIError) -> [UInt8] {
        let algorithm = Self.algorithm(of: key)
        var fields: [[UInt8]] = [
            DERWriter.integer(1), algorithm, issuer.envelope.subject, CertificateTime.der(thisUpdate),
            CertificateTime.der(nextUpdate),
        ]
        if !revoked.isEmpty { fields.append(DERWriter.element(DERTag.sequence, revoked.flatMap(Self.entry))) }
        fields.append(DERWriter.element(0xa0, DERWriter.element(DERTag.sequence, extensions)))
        let signed = DERWriter.element(DERTag.sequence, fields.flatMap(\.self))
        let signature: [UInt8]
        do {
            signature = try Self.signature(of: signed, by: key)
        } catch {
            throw PKIError(.authorityUnusable, "revocation list", "it cannot be signed: \(error)")
        }
        return DERWriter.sequence(signed, algorithm, DERWriter.element(DERTag.bitString, [0] + signature))
    }

    private static func entry(_ revoked: Revoked) -> [UInt8] {
        let serial = DERWriter.element(DERTag.integer, revoked.serial.content)
        let date = CertificateTime.der(revoked.date)
        guard revoked.reason != .unspecified else { return DERWriter.sequence(serial, date) }
        let code = DERWriter.element(DERTag.enumerated, [revoked.reason.rawValue])
        return DERWriter.sequence(serial, date, DERWriter.sequence(extensionOf([85, 29, 21], code)))
    }

    private var extensions: [UInt8] {
        var parts = Self.extensionOf([85, 29, 20], DERWriter.integer(number))
        if let identifier = issuer.extensions.subjectKeyIdentifier {
            parts += Self.extensionOf([85, 29, 35], DERWriter.sequence(DERWriter.element(0x80, identifier)))
        }
        return parts
    }

    private static func extensionOf(_ identifier: [UInt8], _ value: [UInt8]) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.element(DERTag.objectIdentifier, identifier), DERWriter.octetString(value))
    }

    /// AlgorithmIdentifier.
    private static func algorithm(of key: PrivateKey) -> [UInt8] {
        let ecdsa: [UInt8] = [42, 134, 72, 206, 61, 4, 3]
        func identifier(_ bytes: [UInt8]) -> [UInt8] {
            DERWriter.sequence(DERWriter.element(DERTag.objectIdentifier, bytes))
        }
        return switch key.kind {
        case .p256: identifier(ecdsa + [2])
        case .p384: identifier(ecdsa + [3])
        case .p521: identifier(ecdsa + [4])
        case .ed25519: identifier([43, 101, 112])
        case .rsa:
            DERWriter.sequence(
                DERWriter.element(DERTag.objectIdentifier, [42, 134, 72, 134, 247, 13, 1, 1, 11]), DERWriter.null)
        }
    }

    private static func signature(of message: [UInt8], by key: PrivateKey) throws -> [UInt8] {
        let der = key.pkcs8DER
        switch key.kind {
        case .p256:
            let signature = try P256.Signing.PrivateKey(derRepresentation: der).signature(for: message)
            return Array(signature.derRepresentation)
        case .p384:
            let signature = try P384.Signing.PrivateKey(derRepresentation: der).signature(for: message)
            return Array(signature.derRepresentation)
        case .p521:
            let signature = try P521.Signing.PrivateKey(derRepresentation: der).signature(for: message)
            return Array(signature.derRepresentation)
        case .ed25519:
            // PKCS #8 of RFC 8410 ends with the 32 octets of the key.
            return Array(try Curve25519.Signing.PrivateKey(rawRepresentation: der.suffix(32)).signature(for: message))
        case .rsa:
            let key = try _RSA.Signing.PrivateKey(derRepresentation: der)
            return Array(try key.signature(for: message, padding: .insecurePKCS1v1_5).rawRepresentation)
        }
    }
}
