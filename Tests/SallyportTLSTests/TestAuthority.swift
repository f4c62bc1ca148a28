import Crypto
import Foundation
import SallyportConfig
import SallyportModel
import SwiftASN1
import Testing
import X509

@testable import SallyportPKI

/// Makes certificates that `LocalAuthority` would never make, for the tests of what has to be refused.
struct TestAuthority {
    struct Leaf {
        let chain: [Certificate]
        let key: Certificate.PrivateKey

        var der: [[UInt8]] { chain.map(derBytes) }
        var pem: String { chain.map { pemText($0) }.joined(separator: "\n") + "\n" }
        var keyPEM: String { keyText(key) }
    }

    private let name: String
    let root: Certificate
    let intermediate: Certificate
    private let rootKey: Certificate.PrivateKey
    private let key: Certificate.PrivateKey

    static let day: TimeInterval = 86_400

    init(name: String = "Test") throws {
        self.name = name
        rootKey = .init(P256.Signing.PrivateKey())
        key = .init(P256.Signing.PrivateKey())
        root = try Self.certificate(
            subject: "\(name) Root", key: rootKey, issuer: "\(name) Root", signer: rootKey,
            life: -Self.day...(3650 * Self.day),
            extensions: try Self.authorityExtensions(rootKey, path: nil))
        intermediate = try Self.certificate(
            subject: "\(name) Intermediate", key: key, issuer: "\(name) Root", signer: rootKey,
            life: -Self.day...(365 * Self.day), extensions: try Self.authorityExtensions(key, path: 0))
    }

    /// - Parameter life: seconds from now.
    func leaf(
        _ name: String, usages: [ExtendedKeyUsage.Usage] = [.clientAuth], names: [GeneralName]? = nil,
        life: ClosedRange<TimeInterval> = -3600...day, digitalSignature: Bool = true
    ) throws -> Leaf {
        let leafKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let names = names ?? [.uniformResourceIdentifier("spiffe://test.example/client/\(name)")]
        let leaf = try Self.certificate(
            subject: name, key: leafKey, issuer: "\(self.name) Intermediate", signer: key, life: life,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: digitalSignature, keyAgreement: !digitalSignature))
                try ExtendedKeyUsage(usages)
                SubjectAlternativeNames(names)
                AuthorityKeyIdentifier(keyIdentifier: Self.identifier(key))
            })
        return Leaf(chain: [leaf, intermediate], key: leafKey)
    }

    /// A server certificate for these names.
    func server(_ names: [String], life: ClosedRange<TimeInterval> = -3600...day) throws -> Leaf {
        try leaf(names.first ?? "server", usages: [.serverAuth], names: names.map { .dnsName($0) }, life: life)
    }

    static func selfSigned(_ name: String) throws -> Leaf {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try certificate(
            subject: name, key: key, issuer: name, signer: key, life: -3600...day,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.clientAuth])
                SubjectAlternativeNames([.uniformResourceIdentifier("spiffe://test.example/client/\(name)")])
            })
        return Leaf(chain: [certificate], key: key)
    }

    /// The leaf with this many intermediates behind it that have nothing to do with it.
    func padded(_ leaf: Leaf, with count: Int) throws -> Leaf {
        let strangers = try (0..<count).map { index in
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            return try Self.certificate(
                subject: "Stranger \(index)", key: key, issuer: "Stranger \(index + 1)", signer: key,
                life: -3600...Self.day,
                extensions: try Self.authorityExtensions(key, path: nil))
        }
        return Leaf(chain: leaf.chain + strangers, key: leaf.key)
    }

    /// The list of the root: with the intermediate on it, or with nothing.
    func rootList(revokingIntermediate: Bool, at now: Int64) throws -> CertificateList {
        let revoked = try intermediateStatus.subjects.map {
            CertificateListWriter.Revoked(serial: try #require($0.serial), date: now - 5, reason: .caCompromise)
        }
        return try list(revokingIntermediate ? revoked : [], of: root, key: rootKey, at: now)
    }

    /// The list of the intermediate, with these serial numbers in hexadecimal.
    func list(of serials: [String], at now: Int64) throws -> CertificateList {
        let revoked = try serials.map {
            CertificateListWriter.Revoked(
                serial: try #require(SerialNumber(hexadecimal: $0)), date: now - 5, reason: .keyCompromise)
        }
        return try list(revoked, of: intermediate, key: key, at: now)
    }

    /// The intermediate below the root, as its status is looked up.
    var intermediateStatus: StatusPath {
        get throws {
            StatusPath(
                [try ParsedCertificate(der: derBytes(intermediate))], authority: "clients",
                anchor: try ParsedCertificate(der: derBytes(root)))
        }
    }

    private func list(
        _ revoked: [CertificateListWriter.Revoked], of issuer: Certificate, key: Certificate.PrivateKey, at now: Int64
    ) throws -> CertificateList {
        let block = PEMBlock(label: "PRIVATE KEY", der: try key.serializeAsPEM().derBytes, line: 1)
        let writer = CertificateListWriter(
            issuer: try ParsedCertificate(der: derBytes(issuer)), key: try PrivateKey(block: block, source: "test"),
            thisUpdate: now - 60, nextUpdate: now + 3600, number: 1)
        return try CertificateListReader.list(der: writer.write(revoked))
    }

    private static func certificate(
        subject: String, key: Certificate.PrivateKey, issuer: String, signer: Certificate.PrivateKey,
        life: ClosedRange<TimeInterval>, extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: serial(), publicKey: key.publicKey,
            notValidBefore: Date() + life.lowerBound, notValidAfter: Date() + life.upperBound,
            issuer: DistinguishedName { CommonName(issuer) }, subject: DistinguishedName { CommonName(subject) },
            signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: signer)
    }

    /// 16 bytes, positive.
    private static func serial() -> Certificate.SerialNumber {
        Certificate.SerialNumber(bytes: [0x40] + (0..<15).map { _ in UInt8.random(in: 0...255) })
    }

    private static func authorityExtensions(
        _ key: Certificate.PrivateKey, path: Int?
    ) throws -> Certificate.Extensions {
        try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: path))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            SubjectKeyIdentifier(keyIdentifier: identifier(key))
        }
    }

    private static func identifier(_ key: Certificate.PrivateKey) -> ArraySlice<UInt8> {
        SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier
    }
}

extension TestAuthority {
    /// The root, as the authority `clients`.
    var anchors: [TrustAnchor] {
        get throws {
            try PEMFile.certificates(in: Array(pemText(root).utf8), source: "root.pem").map {
                TrustAnchor(authority: "clients", certificate: $0)
            }
        }
    }
}

extension TestAuthority.Leaf {
    func credential(at now: Int64 = Int64(Date().timeIntervalSince1970)) throws -> CredentialPair {
        try CredentialPair(
            chain: try PEMFile.certificates(in: Array(pem.utf8), source: "test.pem"),
            key: try PEMFile.privateKey(in: Array(keyPEM.utf8), source: "test.key"), source: "test.pem", at: now)
    }
}

private func derBytes(_ certificate: Certificate) -> [UInt8] {
    var serializer = DER.Serializer()
    do { try serializer.serialize(certificate) } catch { fatalError("\(error)") }
    return serializer.serializedBytes
}

private func pemText(_ certificate: Certificate) -> String {
    PEMDocument(type: "CERTIFICATE", derBytes: derBytes(certificate)).pemString
}

private func keyText(_ key: Certificate.PrivateKey) -> String {
    do { return try key.serializeAsPEM().pemString + "\n" } catch { fatalError("\(error)") }
}
