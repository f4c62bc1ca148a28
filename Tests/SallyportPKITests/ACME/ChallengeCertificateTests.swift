import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

@testable import SallyportPKI

@Suite struct ChallengeCertificateTests {
    /// RFC 8737 §3: one name, and the digest of the key authorization in a critical extension.
    @Test func itIsWhatTheRFCAsksFor() throws {
        let proof = ChallengeProof(kind: .tlsALPN01, name: "www.a.test", token: "t", keyAuthorization: "t.thumbprint")
        let credential = try ChallengeCertificate.make(for: proof, at: CertificateFactory.now)
        let leaf = try #require(credential.chain.first)
        #expect(leaf.dnsNames == ["www.a.test"])
        #expect(credential.chain.count == 1 && leaf.subject == leaf.issuer && credential.key.matches(leaf))
        let value = try #require(leaf.certificate.extensions[oid: [1, 3, 6, 1, 5, 5, 7, 1, 31]])
        #expect(value.critical)
        #expect(Array(value.value) == [4, 32] + Array(SHA256.hash(data: Data("t.thumbprint".utf8))))
        #expect((leaf.notBefore...leaf.notAfter).contains(CertificateFactory.now))
    }

    @Test(arguments: ["a", "A-Za-z0-9_-", String(repeating: "x", count: 256)]) func tokens(text: String) {
        #expect(ChallengeToken.isValid(text))
    }

    @Test(arguments: ["", "a/b", "..", "a%2e", "a b", "a\n", "a=", "é", String(repeating: "x", count: 257)])
    func otherTextsAreNoTokens(text: String) {
        #expect(!ChallengeToken.isValid(text))
    }
}
