import Crypto
import Foundation
import SallyportModel
import Testing
import X509

@testable import SallyportPKI

/// Signatures that OpenSSL made, and parameters that it was told to choose badly.
@Suite struct SignatureAlgorithmTests {
    private static let isPossible = Tool.has("openssl")

    /// Options of `openssl x509`, and the reason for refusing the outcome; nil where it must be accepted.
    private static let choices: [(options: [String], reason: Reason?)] = [
        (pss("sha256", salt: "32"), nil), (pss("sha384", salt: "48"), nil), (pss("sha512", salt: "64"), nil),
        (pss("sha256", salt: "20"), .certificateAlgorithmForbidden),
        (pss("sha256", salt: "64"), .certificateAlgorithmForbidden),
        (pss("sha256", salt: "0"), .certificateAlgorithmForbidden),
        (pss("sha1", salt: "20"), .certificateAlgorithmForbidden),
        (pss("sha256", salt: "32") + ["-sigopt", "rsa_mgf1_md:sha1"], .certificateAlgorithmForbidden),
        (pss("sha256", salt: "32") + ["-sigopt", "rsa_mgf1_md:sha384"], .certificateAlgorithmForbidden),
        (["-sha256"], nil), (["-sha384"], nil), (["-sha512"], nil), (["-sha1"], .certificateAlgorithmForbidden),
        (["-md5"], .certificateAlgorithmForbidden), (["-sha224"], .certificateAlgorithmForbidden),
        (["-sha3-256"], .certificateAlgorithmForbidden),
    ]

    private static func pss(_ digest: String, salt: String) -> [String] {
        ["-\(digest)", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:\(salt)"]
    }

    @Test(.enabled(if: isPossible)) func openSSLsSignaturesAreJudged() throws {
        let folder = try TemporaryFolder()
        let (key, root, request, extensions) = (
            folder.path("ca.key"), folder.path("ca.pem"), folder.path("leaf.csr"), folder.path("ext")
        )
        try Tool.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", root, "-subj", "/CN=Root",
                "-addext", "keyUsage=critical,keyCertSign",
            ])
        try Tool.run(
            "openssl",
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                folder.path("leaf.key"), "-out", request, "-subj", "/CN=alice",
            ])
        try "extendedKeyUsage=clientAuth\n".write(toFile: extensions, atomically: true, encoding: .utf8)
        let anchor = try #require(try PEMFile.certificates(at: root).first)
        let verifier = ChainVerifier(
            anchors: [TrustAnchor(authority: "test", certificate: anchor)], purpose: .client, maxDepth: 1)
        for (options, reason) in Self.choices {
            let leaf = folder.path("leaf.pem")
            try Tool.run(
                "openssl",
                [
                    "x509", "-req", "-in", request, "-CA", root, "-CAkey", key, "-CAcreateserial", "-extfile",
                    extensions, "-out", leaf, "-days", "3",
                ] + options)
            let text = try String(contentsOfFile: leaf, encoding: .utf8)
            let der = try #require(try PEMBlock.parse(Array(text.utf8), source: "leaf").first).der
            let now = Int64(Date().timeIntervalSince1970) + 60
            let result = verifier.verify(chain: [der], at: now)
            #expect(result.refusal?.reason == reason, "\(options): \(result.refusal?.detail ?? "accepted")")
            guard reason == nil else { continue }
            var damaged = der
            damaged[damaged.count - 1] ^= 1
            #expect(verifier.verify(chain: [damaged], at: now).refusal?.reason == .certificateSignatureInvalid)
        }
    }

    /// A key verifies signatures of its own kind only, whatever the algorithm says.
    @Test func algorithmOfAnotherKindThanTheKeyProvesNothing() throws {
        let elliptic = Certificate.PrivateKey(P256.Signing.PrivateKey()).publicKey
        let edwards = Certificate.PrivateKey(Curve25519.Signing.PrivateKey()).publicKey
        for algorithm in [SignatureAlgorithm.rsaPSS(.sha256), .rsa(.sha256), .ed25519, .rsaWithSHA1] {
            let signature = CertificateSignature(algorithm: algorithm, signed: [1, 2], value: [3, 4])
            #expect(!signature.isMade(by: elliptic))
            #expect(!signature.isMade(by: edwards))
        }
    }

    @Test func everyAlgorithmHasItsOwnName() {
        let all = SignatureAlgorithm.Digest.allCases.flatMap { [.ecdsa($0), .rsa($0), SignatureAlgorithm.rsaPSS($0)] }
        #expect(Set((all + [.ed25519, .rsaWithSHA1]).map(\.description)).count == 11)
        #expect(SignatureAlgorithm(identifier: []) == nil)
        #expect(SignatureAlgorithm(identifier: [0x30, 0]) == nil)
    }
}

/// A presented certificate that is of no use stands in nobody's way; a damaged one does.
@Suite struct UnusableCandidateTests {
    private let now = CertificateFactory.now

    private func withKeyOfAnotherKind(_ der: [UInt8]) throws -> [UInt8] {
        let curve: [UInt8] = [42, 134, 72, 206, 61, 3, 1, 7]
        let place = try #require(der.indices.first { der[$0...].starts(with: curve) })
        var changed = der
        changed[place + 7] = 1
        return changed
    }

    @Test func certificateWithForbiddenKeyIsPassedOver() throws {
        let good = try GoodChain()
        let other = try withKeyOfAnotherKind(CertificateFactory.make(.authority("Intermediate")).der)
        let verifier = try good.verifier()
        #expect(verifier.verify(chain: [good.leaf.der, other, good.intermediate.der], at: now).chain != nil)
        let alone = verifier.verify(chain: [good.leaf.der, other], at: now).refusal
        #expect(alone?.reason == .certificateKeyForbidden)
        #expect(alone?.detail.hasPrefix("certificate 2 of 2") == true)
        let tree = try good.verifier().explain(chain: [good.leaf.der, other, good.intermediate.der], at: now).tree
        #expect(tree.input.map(\.outcome) == [.passed, .passed, .failed, .passed])
    }

    @Test func leafWithForbiddenKeyIsRefused() throws {
        let good = try GoodChain()
        let chain = [try withKeyOfAnotherKind(good.leaf.der), good.intermediate.der]
        #expect(try good.verifier().verify(chain: chain, at: now).refusal?.reason == .certificateKeyForbidden)
    }

    @Test func damagedCertificateRefusesTheChain() throws {
        let good = try GoodChain()
        let chain = [good.leaf.der, [0x30, 0], good.intermediate.der]
        #expect(try good.verifier().verify(chain: chain, at: now).refusal?.reason == .certificateMalformed)
    }
}
