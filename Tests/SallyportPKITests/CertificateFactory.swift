import Crypto
import Foundation
import SallyportModel
import SwiftASN1
import Testing
import X509

@testable import SallyportPKI

/// Makes the certificates that no proper authority would issue.
struct CertificateFactory {
    static let now: Int64 = 1_800_000_000
    static let day: Int64 = 86_400

    /// A certificate and the key it is for.
    struct Made {
        let certificate: Certificate
        let key: Certificate.PrivateKey
        var der: [UInt8] {
            var serializer = DER.Serializer()
            do {
                try serializer.serialize(certificate)
            } catch {
                Issue.record("certificate does not serialize: \(error)")
            }
            return serializer.serializedBytes
        }
        func parsed() throws -> ParsedCertificate { try ParsedCertificate(der: der) }
    }

    /// Everything that may be wrong with a certificate. The defaults make a good client certificate.
    struct Recipe {
        var subject = "alice"
        var issuerName: String?
        var version = Certificate.Version.v3
        var serial: [UInt8] = [0x0a, 0x1b]
        var notBefore = now - day
        var notAfter = now + day
        var key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        var algorithm: Certificate.SignatureAlgorithm?
        var basicConstraints: BasicConstraints? = .notCertificateAuthority
        var keyUsage: KeyUsage? = KeyUsage(digitalSignature: true)
        var usages: [ExtendedKeyUsage.Usage]? = [.clientAuth]
        var names: [GeneralName]? = [.uniformResourceIdentifier("spiffe://test/alice")]
        var constraints: NameConstraints?
        var extra: [Certificate.Extension] = []
        var distinguishedName: DistinguishedName?

        static func authority(_ subject: String, pathLength: Int? = nil) -> Recipe {
            var recipe = Recipe()
            recipe.subject = subject
            recipe.serial = [0x77]
            recipe.notBefore = now - 100 * day
            recipe.notAfter = now + 100 * day
            recipe.basicConstraints = .isCertificateAuthority(maxPathLength: pathLength)
            recipe.keyUsage = KeyUsage(keyCertSign: true, cRLSign: true)
            recipe.usages = nil
            recipe.names = nil
            return recipe
        }
    }

    static func make(_ recipe: Recipe, by issuer: Made? = nil) throws -> Made {
        var extensions = Certificate.Extensions()
        if recipe.version == .v3 {
            if let value = recipe.basicConstraints { try extensions.append(.init(value, critical: true)) }
            if let value = recipe.keyUsage { try extensions.append(.init(value, critical: true)) }
            if let value = recipe.usages { try extensions.append(.init(ExtendedKeyUsage(value), critical: false)) }
            if let value = recipe.names {
                try extensions.append(.init(SubjectAlternativeNames(value), critical: false))
            }
            if let value = recipe.constraints { try extensions.append(.init(value, critical: true)) }
            try extensions.append(.init(SubjectKeyIdentifier(hash: recipe.key.publicKey), critical: false))
            for value in recipe.extra { try extensions.append(value) }
        }
        let subject = try recipe.distinguishedName ?? DistinguishedName { CommonName(recipe.subject) }
        let issuerName = try recipe.issuerName.map { name in try DistinguishedName { CommonName(name) } }
        let signer = issuer?.key ?? recipe.key
        let algorithm = recipe.algorithm ?? signer.supportedSignatureAlgorithms.last ?? .ecdsaWithSHA256
        let certificate = try Certificate(
            version: recipe.version, serialNumber: .init(bytes: recipe.serial), publicKey: recipe.key.publicKey,
            notValidBefore: Date(timeIntervalSince1970: Double(recipe.notBefore)),
            notValidAfter: Date(timeIntervalSince1970: Double(recipe.notAfter)),
            issuer: issuerName ?? issuer?.certificate.subject ?? subject, subject: subject,
            signatureAlgorithm: algorithm, extensions: extensions, issuerPrivateKey: signer)
        return Made(certificate: certificate, key: recipe.key)
    }
}

/// A root, an intermediate below it and a client below that, all good.
struct GoodChain {
    let root: CertificateFactory.Made
    let intermediate: CertificateFactory.Made
    let leaf: CertificateFactory.Made

    init(
        leaf leafRecipe: CertificateFactory.Recipe = .init(),
        intermediate intermediateRecipe: CertificateFactory.Recipe = .authority("Intermediate"),
        root rootRecipe: CertificateFactory.Recipe = .authority("Root")
    ) throws {
        root = try CertificateFactory.make(rootRecipe)
        intermediate = try CertificateFactory.make(intermediateRecipe, by: root)
        leaf = try CertificateFactory.make(leafRecipe, by: intermediate)
    }

    var presented: [[UInt8]] { [leaf.der, intermediate.der] }

    func verifier(
        purpose: Purpose = .client, maxDepth: Int = 3, revoked: [String: Set<String>] = [:],
        budget: VerificationBudget = .default, profile: CertificateProfile = .privateAuthority
    ) throws -> ChainVerifier {
        ChainVerifier(
            anchors: [TrustAnchor(authority: "test", certificate: try root.parsed())],
            revocation: RevocationFeed(RevocationView(withdrawn: revoked)),
            purpose: purpose, maxDepth: maxDepth, budget: budget, profile: profile)
    }

    func verify(purpose: Purpose = .client) throws -> Result<VerifiedChain, ChainRefusal> {
        try verifier(purpose: purpose).verify(chain: presented, at: CertificateFactory.now)
    }
}

extension Result where Success == VerifiedChain, Failure == ChainRefusal {
    var refusal: ChainRefusal? {
        if case .failure(let refusal) = self { refusal } else { nil }
    }
    var chain: VerifiedChain? {
        if case .success(let chain) = self { chain } else { nil }
    }
}
