import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct ForwardedFieldsTests {
    private func lines(client: String, host: String) throws -> [String] {
        let head = try requestHead("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        var out: [UInt8] = []
        ForwardedFields(client: client, port: 8443).write(for: head, requestID: "id-1", into: &out)
        return String(decoding: out, as: UTF8.self).split(separator: "\r\n").map(String.init)
    }

    @Test func addressHostAndSchemeAreTold() throws {
        #expect(
            try lines(client: "192.0.2.1", host: "example.org") == [
                "Via: 1.1 sallyport", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https",
                "X-Forwarded-Port: 8443", "X-Forwarded-Host: example.org",
                "Forwarded: for=192.0.2.1;proto=https;host=example.org", "X-Request-Id: id-1",
            ])
    }

    @Test func colonsAreQuoted() throws {
        let lines = try lines(client: "2001:db8::1", host: "[::1]:8443")
        #expect(lines.contains("X-Forwarded-For: 2001:db8::1"))
        #expect(lines.contains("Forwarded: for=\"[2001:db8::1]\";proto=https;host=\"[::1]:8443\""))
    }

    private func identity(
        subject: String = "CN=alice,O=Example", uris: [String] = [], dns: [String] = [], chain: [[UInt8]] = []
    ) -> Identity {
        Identity(
            names: ["alice"],
            certificate: CertificateFacts(
                subject: subject, issuer: "CN=ca", serial: "01", dnsNames: dns, uris: uris, notBefore: 0, notAfter: 1,
                fingerprint: [0x00, 0x0A, 0xFF], der: Array("foobar".utf8)),
            authority: "local", intermediates: chain)
    }

    @Test func rfc9440() {
        #expect(ForwardedFields.rfc9440(identity()) == Array("Client-Cert: :Zm9vYmFy:\r\n".utf8))
        let chain = ForwardedFields.rfc9440(identity(chain: [Array("f".utf8), Array("fo".utf8)]))
        #expect(chain == Array("Client-Cert: :Zm9vYmFy:\r\nClient-Cert-Chain: :Zg==:, :Zm8=:\r\n".utf8))
    }

    @Test func xfcc() {
        let plain = ForwardedFields.xfcc(
            identity(uris: ["spiffe://example.org/a"], dns: ["a.example", "b.example"]), by: "spiffe://example.org/gw")
        #expect(
            String(decoding: plain, as: UTF8.self) == """
                X-Forwarded-Client-Cert: By=spiffe://example.org/gw;Hash=000aff;Subject="CN=alice,O=Example";\
                URI=spiffe://example.org/a;DNS=a.example;DNS=b.example\r\n
                """)
    }

    /// A certificate's names are chosen by whoever asked for it.
    @Test func namesCannotBreakOut() {
        let field = ForwardedFields.xfcc(
            identity(
                subject: "CN=a\";URI=spiffe://root\r\nX: y", uris: ["u,By=x;Hash=0"],
                dns: ["a\\", "b=\"c\"", "\u{0}", ""]))
        #expect(
            String(decoding: field, as: UTF8.self) == """
                X-Forwarded-Client-Cert: Hash=000aff;Subject="CN=a\\";URI=spiffe://root%0D%0AX: y";\
                URI="u,By=x;Hash=0";DNS="a\\\\";DNS="b=\\"c\\"";DNS="%00";DNS=""\r\n
                """)
    }

    /// RFC 4648 §10, and all digits.
    @Test func base64() {
        let vectors = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE="]
        for (text, expected) in vectors {
            var out: [UInt8] = []
            Base64.append(Array(text.utf8), to: &out)
            #expect(String(decoding: out, as: UTF8.self) == expected)
        }
        var out: [UInt8] = []
        Base64.append([0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8B, 0xFB, 0xFF, 0xBF], to: &out)
        #expect(String(decoding: out, as: UTF8.self) == "ABCDEFGHIJKL+/+/")
    }
}
