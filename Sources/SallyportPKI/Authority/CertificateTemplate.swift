import Crypto
import FoundationEssentials
import SallyportModel
import SwiftASN1
import X509

/// What the built-in authority writes into a certificate, before it is signed.
struct CertificateTemplate {
    enum Role {
        case root
        case intermediate
        /// A root under the signature of another one.
        case cross
        case leaf(IssuedKind, [GeneralName])
    }
    var commonName: String?
    /// Instead of a common name.
    var subject: DistinguishedName?
    let role: Role
    let publicKey: Certificate.PublicKey
    /// Seconds since 1970.
    let notBefore: Int64
    let notAfter: Int64

    /// - Parameter issuer: nil makes it self-signed.
    func sign(with key: PrivateKey, issuer: ParsedCertificate?) throws(PKIError) -> [UInt8] {
        do {
            let subject =
                try self.subject ?? commonName.map { name in try DistinguishedName { CommonName(name) } }
                ?? DistinguishedName()
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(bytes: Self.serial()), publicKey: publicKey,
                notValidBefore: Date(timeIntervalSince1970: Double(notBefore)),
                notValidAfter: Date(timeIntervalSince1970: Double(notAfter)),
                issuer: issuer?.certificate.subject ?? subject, subject: subject,
                extensions: try extensions(issuer: issuer), issuerPrivateKey: key.key)
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            return serializer.serializedBytes
        } catch {
            throw PKIError(.authorityUnusable, commonName ?? "certificate", "it cannot be encoded: \(error)")
        }
    }

    /// 20 octets, 158 of their bits random; the first octet keeps the number positive and its encoding full.
    private static func serial() -> [UInt8] {
        var bytes = (0..<20).map { _ in UInt8.random(in: .min ... .max) }
        bytes[0] = bytes[0] & 0x7f | 0x40
        return bytes
    }

    private func extensions(issuer: ParsedCertificate?) throws -> Certificate.Extensions {
        var extensions = Certificate.Extensions()
        try extensions.append(Certificate.Extension(basicConstraints, critical: true))
        try extensions.append(Certificate.Extension(keyUsage, critical: true))
        if let usages { try extensions.append(Certificate.Extension(ExtendedKeyUsage(usages), critical: false)) }
        if case .leaf(_, let names) = role {
            try extensions.append(Certificate.Extension(SubjectAlternativeNames(names), critical: commonName == nil))
        }
        let identifier = Self.keyIdentifier(publicKey)
        try extensions.append(Certificate.Extension(SubjectKeyIdentifier(keyIdentifier: identifier), critical: false))
        let issuerKey =
            issuer.map { $0.extensions.subjectKeyIdentifier?[...] ?? Self.keyIdentifier($0.certificate.publicKey) }
            ?? identifier
        try extensions.append(
            Certificate.Extension(AuthorityKeyIdentifier(keyIdentifier: issuerKey), critical: false))
        return extensions
    }

    private var basicConstraints: BasicConstraints {
        switch role {
        // The intermediate, and during a rotation the next root between them.
        case .root: .isCertificateAuthority(maxPathLength: 2)
        case .cross: .isCertificateAuthority(maxPathLength: 1)
        case .intermediate: .isCertificateAuthority(maxPathLength: 0)
        case .leaf: .notCertificateAuthority
        }
    }

    private var keyUsage: KeyUsage {
        if case .leaf = role { KeyUsage(digitalSignature: true) } else { KeyUsage(keyCertSign: true, cRLSign: true) }
    }

    private var usages: [ExtendedKeyUsage.Usage]? {
        switch role {
        case .root: nil
        case .intermediate, .cross: [.clientAuth, .serverAuth]
        case .leaf(.client, _): [.clientAuth]
        case .leaf(.server, _): [.serverAuth]
        }
    }

    /// RFC 7093 method 1: the leftmost 160 bits of SHA-256 of the key.
    private static func keyIdentifier(_ key: Certificate.PublicKey) -> ArraySlice<UInt8> {
        Array(SHA256.hash(data: key.subjectPublicKeyInfoBytes)).prefix(20)
    }
}
