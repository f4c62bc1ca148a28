import SallyportModel
import Testing

@testable import SallyportPKI

/// A key whose encoding is in order and whose point is not on the curve (a finding of the fuzzer).
@Suite struct DamagedKeyTests {
    @Test func everyLookGivesTheSameAnswer() throws {
        let root = try CertificateFactory.make(.authority("Root"))
        let leaf = try withPointOffTheCurve(CertificateFactory.make(CertificateFactory.Recipe(), by: root).der)
        let verifier = ChainVerifier(
            anchors: [TrustAnchor(authority: "test", certificate: try ParsedCertificate(der: root.der))], purpose: .client,
            maxDepth: 3)
        let expected = ChainRefusal(
            .certificateMalformed, "certificate 1 of 1: the public key is damaged", subject: "CN=alice", issuer: "CN=Root",
            serial: "0A1B")
        for _ in 0..<3 {
            #expect(refusal(verifier.explain(chain: [leaf], at: CertificateFactory.now).result) == expected)
            #expect(refusal(verifier.verify(chain: [leaf], at: CertificateFactory.now)) == expected)
        }
    }

    private func refusal(_ result: Result<VerifiedChain, ChainRefusal>) -> ChainRefusal? {
        if case .failure(let refusal) = result { refusal } else { nil }
    }

    private func withPointOffTheCurve(_ der: [UInt8]) throws -> [UInt8] {
        // prime256v1, then the bit string of an uncompressed point: 04, x, y.
        let mark: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04]
        let place = try #require(der.indices.first { der[$0...].starts(with: mark) })
        var damaged = der
        damaged[place + mark.count + 63] ^= 1
        return damaged
    }
}
