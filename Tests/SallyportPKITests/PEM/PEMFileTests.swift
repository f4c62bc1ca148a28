import Crypto
import Foundation
import SallyportModel
import SwiftASN1
import Testing
import X509

@testable import SallyportPKI

@Suite struct PEMFileTests {
    private let now = CertificateFactory.now

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Every kind of key that OpenSSL writes, and the certificate that belongs to it.
    @Test(arguments: [
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        ["genpkey", "-algorithm", "ED25519"], ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        ["ecparam", "-name", "prime256v1", "-genkey"],
    ])
    func keysOfOpenSSLAreRead(_ command: [String]) throws {
        let folder = try TemporaryFolder()
        try Tool.run("openssl", command + ["-out", folder.path("k.pem")])
        try Tool.run(
            "openssl",
            [
                "req", "-x509", "-key", folder.path("k.pem"), "-subj", "/CN=x", "-days", "1", "-out",
                folder.path("c.pem"),
            ])
        let key = try PEMFile.privateKey(at: folder.path("k.pem"))
        let certificate = try #require(try PEMFile.certificates(at: folder.path("c.pem")).first)
        #expect(key.matches(certificate))
        #expect(!key.matches(try CertificateFactory.make(.init()).parsed()))

        try bytes(key.pem).write(to: folder.path("copy.pem"))
        let mine = try Tool.run("openssl", ["pkey", "-in", folder.path("copy.pem"), "-pubout"])
        let theirs = try Tool.run("openssl", ["pkey", "-in", folder.path("k.pem"), "-pubout"])
        #expect(mine == theirs)
    }

    @Test func oldFormOfRSAKeysIsRead() throws {
        let folder = try TemporaryFolder()
        try Tool.run("openssl", ["genrsa", "-traditional", "-out", folder.path("k.pem"), "2048"])
        #expect(try PEMFile.privateKey(at: folder.path("k.pem")).kind == .rsa(bits: 2048))
    }

    @Test(arguments: [
        ["genrsa", "-aes128", "-passout", "pass:secret", "2048"],
        ["genrsa", "-traditional", "-aes128", "-passout", "pass:secret", "2048"], ["genrsa", "1024"],
        ["ecparam", "-name", "secp256k1", "-genkey", "-noout"],
        ["ecparam", "-name", "prime192v1", "-genkey", "-noout"],
    ])
    func keysThatCannotBeUsedAreRefused(_ command: [String]) throws {
        let text = try Tool.run("openssl", command)
        let error = #expect(throws: PKIError.self) { try PEMFile.privateKey(in: Array(text.utf8), source: "k.pem") }
        #expect(error?.reason == .privateKeyUnusable)
        #expect(error?.description.contains("MII") == false, "no part of the key is in the error")
    }

    @Test func noKeyAndTwoKeysAreRefused() throws {
        let key = try PrivateKey.generate()
        #expect(throws: PKIError.self) { try PEMFile.privateKey(in: bytes(key.pem + key.pem), source: "k.pem") }
        #expect(throws: PKIError.self) { try PEMFile.privateKey(in: [], source: "k.pem") }
        #expect(throws: PKIError.self) { try PEMFile.privateKey(at: "/tmp/missing/key.pem") }
        #expect(throws: PKIError.self) { try PEMFile.privateKey(at: "/tmp") }
        #expect(throws: PKIError.self) { try PEMFile.privateKey(at: "/dev/zero") }
    }

    @Test func textOfAKeyShowsNothing() throws {
        let key = try PrivateKey.generate()
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains(key.pem.split(separator: "\n")[1].prefix(16)) && !text.contains("UInt8"))
        }
    }

    @Test func pairMustBelongTogether() throws {
        let good = try GoodChain()
        let chain = [try good.leaf.parsed(), try good.intermediate.parsed()]
        let key = try PEMFile.privateKey(in: bytes(good.leaf.key.serializeAsPEM().pemString), source: "k")
        let pair = try CredentialPair(chain: chain, key: key, source: "c.pem", at: now)
        #expect(pair.warnings.isEmpty)
        #expect(try !CredentialPair(chain: chain, key: key, source: "c.pem", at: now + 85_000).warnings.isEmpty)
        for (chain, key, time, reason) in [
            (chain, try PrivateKey.generate(), now, Reason.privateKeyMismatch),
            (chain.reversed(), key, now, .privateKeyMismatch), ([], key, now, .certificateFileEmpty),
            (chain, key, now + 2 * CertificateFactory.day, .ownCertificateExpired),
        ] {
            let error = #expect(throws: PKIError.self) {
                try CredentialPair(chain: chain, key: key, source: "c.pem", at: time)
            }
            #expect(error?.reason == reason)
        }
    }

    @Test func expiredAuthorityAmongSeveralIsAWarning() throws {
        var old = CertificateFactory.Recipe.authority("Old")
        old.notAfter = now - 1
        let expired = PEMBlock.encode([try CertificateFactory.make(old).der], label: PEMBlock.certificate)
        let valid = PEMBlock.encode(
            [try CertificateFactory.make(.authority("New")).der], label: PEMBlock.certificate)
        let bundle = try TrustBundle(authority: "a", text: bytes(expired + valid + valid), source: "b.pem", at: now)
        #expect(bundle.anchors.map(\.certificate.subject) == ["CN=New"])
        #expect(bundle.warnings.count == 2)
        #expect(throws: PKIError.self) {
            try TrustBundle(authority: "a", text: bytes(expired), source: "b.pem", at: now)
        }
    }

    @Test func bundleWithAnythingElseIsRefused() throws {
        let leaf = PEMBlock.encode([try CertificateFactory.make(.init()).der], label: PEMBlock.certificate)
        let root = PEMBlock.encode([try CertificateFactory.make(.authority("A")).der], label: PEMBlock.certificate)
        for text in [
            leaf, "", root + leaf, root + PEMBlock.encode([[1, 2, 3]], label: PEMBlock.certificate),
            root + PEMBlock.encode([[1]], label: "X509 CRL"), String(root.dropLast(30)),
        ] {
            #expect(throws: PKIError.self, "\(text.prefix(40))") {
                try TrustBundle(authority: "a", text: bytes(text), source: "b.pem", at: now)
            }
        }
    }
}
