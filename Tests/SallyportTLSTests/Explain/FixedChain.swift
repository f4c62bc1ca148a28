import Crypto
import Foundation
import SallyportPKI
import SwiftASN1
import X509

/// Chains with fixed names, serial numbers and times, so that what is said of them is always the same.
struct FixedChain {
    static let now: Int64 = 1_800_000_000
    static let day: Int64 = 86_400

    /// A certificate and the key it is for.
    struct Made {
        let certificate: Certificate
        let key: Certificate.PrivateKey

        var der: [UInt8] {
            get throws {
                var serializer = DER.Serializer()
                try serializer.serialize(certificate)
                return serializer.serializedBytes
            }
        }
    }

    /// The defaults make a good client certificate.
    struct Recipe {
        var subject = "alice"
        var version = Certificate.Version.v3
        var serial: [UInt8] = [0x0A, 0x11]
        var life = (now - day)...(now + day)
        var isAuthority = false
        var pathLength: Int?
        var keyUsage = KeyUsage(digitalSignature: true)
        var usages: [ExtendedKeyUsage.Usage]? = [.clientAuth]
        var names: [GeneralName] = [.uniformResourceIdentifier("spiffe://test.example/alice")]
        var constraints: NameConstraints?
        var extra: [Certificate.Extension] = []

        static func authority(_ subject: String, serial: UInt8, pathLength: Int? = nil) -> Recipe {
            Recipe(
                subject: subject, serial: [serial], life: (now - 100 * day)...(now + 100 * day), isAuthority: true,
                pathLength: pathLength, keyUsage: KeyUsage(keyCertSign: true, cRLSign: true), usages: nil, names: [])
        }
    }

    let root: Made
    let intermediate: Made
    let leaf: Made

    init(
        leaf: Recipe = Recipe(), intermediate: Recipe = .authority("Test Intermediate", serial: 0x22),
        root: Recipe = .authority("Test Root", serial: 0x11)
    ) throws {
        self.root = try Self.make(root)
        self.intermediate = try Self.make(intermediate, by: self.root)
        self.leaf = try Self.make(leaf, by: self.intermediate)
    }

    var presented: [[UInt8]] { get throws { [try leaf.der, try intermediate.der] } }

    static func make(_ recipe: Recipe, by issuer: Made? = nil) throws -> Made {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName(recipe.subject) }
        let certificate = try Certificate(
            version: recipe.version, serialNumber: .init(bytes: recipe.serial), publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSince1970: Double(recipe.life.lowerBound)),
            notValidAfter: Date(timeIntervalSince1970: Double(recipe.life.upperBound)),
            issuer: issuer?.certificate.subject ?? subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: recipe.version == .v3 ? try extensions(recipe) : .init(),
            issuerPrivateKey: issuer?.key ?? key)
        return Made(certificate: certificate, key: key)
    }

    private static func extensions(_ recipe: Recipe) throws -> Certificate.Extensions {
        var extensions = Certificate.Extensions()
        let constraints: BasicConstraints =
            recipe.isAuthority ? .isCertificateAuthority(maxPathLength: recipe.pathLength) : .notCertificateAuthority
        try extensions.append(.init(constraints, critical: true))
        try extensions.append(.init(recipe.keyUsage, critical: true))
        if let usages = recipe.usages { try extensions.append(.init(ExtendedKeyUsage(usages), critical: false)) }
        if !recipe.names.isEmpty {
            try extensions.append(.init(SubjectAlternativeNames(recipe.names), critical: false))
        }
        if let constraints = recipe.constraints { try extensions.append(.init(constraints, critical: true)) }
        for value in recipe.extra { try extensions.append(value) }
        return extensions
    }
}
