import Testing

@testable import SallyportHTTP

@Suite struct ByteSetTests {
    private static let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    @Test func wordsHoldTheGrammar() {
        let sets: [(ByteSet, String)] = [
            (.token, "!#$%&'*+-.^_`|~"), (.unreserved, "-._~"), (.hostName, "-_."),
            (.segment, "-._~" + "!$&'()*+,;=" + ":@" + "[]|"),
        ]
        for (set, extra) in sets {
            let members = Set((Self.alphanumeric + extra).utf8)
            for byte in UInt8.min...UInt8.max {
                #expect(set.contains(byte) == members.contains(byte), "\(byte)")
            }
        }
    }

    @Test func wordwiseScansAgreeWithBytewise() {
        for length in 0..<20 {
            for position in 0..<max(length, 1) {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: 0x80, count: length)
                    if length > 0 { bytes[position] = byte }
                    let raw = bytes.span.bytes
                    #expect(raw.firstLineFeed(from: 0) == bytes.firstIndex(of: 0x0A))
                    let control = bytes.firstIndex { ($0 < 0x20 && $0 != 9) || $0 == 0x7F } ?? length
                    #expect(raw.firstControl(from: 0) == control)
                }
            }
        }
    }

    @Test func namesAreKnownInAnyCase() throws {
        let names: [(String, KnownField)] = [
            ("Host", .host), ("CONTENT-LENGTH", .contentLength), ("te", .te), ("X-Forwarded-For", .xForwardedFor),
            ("x-forwarded-client-cert", .xfcc), ("X-FORWARDED-Anything", .forgeable), ("X-SSL-Client-DN", .forgeable),
            ("SSL-Client-Cert", .forgeable), ("X-Client-Cert-Hash", .forgeable), ("x-original-url", .forgeable),
            ("Client-Cert-Chain", .clientCertChain), ("HTTP2-Settings", .http2Settings), ("hosts", .other),
            ("x", .other), ("x-forwarded", .other), ("content-lengtH", .contentLength), ("content_length", .other),
        ]
        for (name, known) in names {
            let bytes = Array(name.utf8)
            #expect(KnownField(0..<bytes.count, in: bytes.span.bytes) == known, "\(name)")
        }
    }
}
