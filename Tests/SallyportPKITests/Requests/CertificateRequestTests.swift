import Crypto
import CryptoExtras
import SwiftASN1
import Testing
import X509

@testable import SallyportPKI

@Suite struct CertificateRequestTests {
    @Test func readsNamesAndKey() throws {
        let factory = RequestFactory(
            commonName: "web.example.org",
            names: [
                .dnsName("WEB.example.org"), .dnsName("*.example.org"),
                .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                .uniformResourceIdentifier("spiffe://example.org/web"),
            ])
        let request = try CertificateRequest(der: factory.der())
        #expect(request.dnsNames == ["web.example.org", "*.example.org"])
        #expect(request.addresses == ["127.0.0.1"] && request.uris == ["spiffe://example.org/web"])
        #expect(request.commonName == "web.example.org")
        #expect(request.publicKey == factory.key.publicKey)
    }

    @Test func namesAreAllOrNothing() throws {
        let request = try CertificateRequest(
            der: RequestFactory(commonName: "a.test", names: [.dnsName("a.test"), .dnsName("b.test")]).der())
        func asks(_ name: String, _ dns: [String]) -> Bool {
            request.asksFor(name: name, dnsNames: dns, addresses: [], uris: [])
        }
        #expect(asks("x", ["b.test", "a.test"]))
        #expect(!asks("x", ["a.test"]))
        #expect(!asks("x", ["a.test", "b.test", "c.test"]))
        #expect(!request.asksFor(name: "x", dnsNames: ["a.test", "b.test"], addresses: ["127.0.0.1"], uris: []))
        let stranger = try CertificateRequest(
            der: RequestFactory(commonName: "c.test", names: [.dnsName("a.test")]).der())
        #expect(!stranger.asksFor(name: "x", dnsNames: ["a.test"], addresses: [], uris: []))
        #expect(stranger.asksFor(name: "c.test", dnsNames: ["a.test"], addresses: [], uris: []))
    }

    @Test func readsPEMAndDERAlike() throws {
        let der = try RequestFactory(names: [.dnsName("a.test")]).der()
        let pem = Array(PEMBlock.encode([der], label: "CERTIFICATE REQUEST").utf8)
        #expect(try CertificateRequest(body: pem).publicKeyInfo == CertificateRequest(body: der).publicKeyInfo)
        #expect(throws: PKIError.self) { try CertificateRequest(body: pem + pem) }
        let key = Array(PEMBlock.encode([der], label: "PRIVATE KEY").utf8)
        #expect(throws: PKIError.self) { try CertificateRequest(body: key) }
    }

    @Test func refusesEveryOtherExtension() throws {
        var authority = RequestFactory(names: [.dnsName("a.test")])
        try authority.extensions.append(
            Certificate.Extension(BasicConstraints.isCertificateAuthority(maxPathLength: nil), critical: true))
        var harmless = RequestFactory(names: [.dnsName("a.test")])
        try harmless.extensions.append(Certificate.Extension(ExtendedKeyUsage([.clientAuth]), critical: false))
        var usage = RequestFactory()
        try usage.extensions.append(Certificate.Extension(KeyUsage(keyCertSign: true), critical: true))
        for factory in [authority, harmless, usage] {
            let der = try factory.der()
            #expect(throws: PKIError.self) { try CertificateRequest(der: der) }
        }
    }

    @Test func refusesForeignNamesAndSubjects() throws {
        for name: GeneralName in [.rfc822Name("a@example.org"), .dnsName("a b"), .dnsName("127.0.0.1"), .dnsName("")] {
            let der = try RequestFactory(names: [name]).der()
            #expect(throws: PKIError.self) { try CertificateRequest(der: der) }
        }
        for name in [String(repeating: "a", count: 65), "a\u{0}b", "é"] {
            let der = try RequestFactory(commonName: name).der()
            #expect(throws: PKIError.self) { try CertificateRequest(der: der) }
        }
    }

    @Test func refusesABadSelfSignature() throws {
        var der = try RequestFactory(names: [.dnsName("a.test")]).der()
        #expect(throws: Never.self) { try CertificateRequest(der: der) }
        der[der.count - 3] ^= 1
        #expect(throws: PKIError.self) { try CertificateRequest(der: der) }
    }

    /// Whatever single byte is changed: never another key or other names under a valid signature.
    @Test func everyChangedByteIsRefused() throws {
        let der = try RequestFactory(commonName: "a.test", names: [.dnsName("a.test")]).der()
        for index in der.indices {
            var changed = der
            changed[index] ^= 0x41
            #expect(throws: PKIError.self, "byte \(index)") { try CertificateRequest(der: changed) }
        }
    }

    @Test func refusesAnotherKeysSignature() throws {
        let mine = try RequestFactory(names: [.dnsName("a.test")]).der()
        let other = try RequestFactory(names: [.dnsName("a.test")]).der()
        let info = try requestInfo(mine)
        var rest = try DERCursor.only(other[...], tag: DERTag.sequence).children
        _ = try rest.next()
        let mixed = DERWriter.element(DERTag.sequence, info + Array(rest.rest))
        #expect(throws: PKIError.self) { try CertificateRequest(der: mixed) }
    }

    @Test func refusesWeakKeysAndWhatIsTooLong() throws {
        let weak = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        let der = try RequestFactory(key: Certificate.PrivateKey(weak)).der()
        #expect(throws: PKIError.self) { try CertificateRequest(der: der) }
        #expect(throws: PKIError.self) { try CertificateRequest(body: [UInt8](repeating: 0x30, count: 20_000)) }
        #expect(throws: PKIError.self) { try CertificateRequest(body: []) }
        let many = (0..<101).map { GeneralName.dnsName("n\($0).test") }
        #expect(throws: PKIError.self) { try CertificateRequest(der: RequestFactory(names: many).der()) }
    }

    private func requestInfo(_ der: [UInt8]) throws -> [UInt8] {
        var parts = try DERCursor.only(der[...], tag: DERTag.sequence).children
        return Array(try parts.next().encoded)
    }
}
