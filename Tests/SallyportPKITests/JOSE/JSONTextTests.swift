import SallyportConfig
import Testing

@testable import SallyportPKI

@Suite struct JSONTextTests {
    @Test func readsWhatIsStrict() throws {
        let text = #" {"a" : [1, -20, 0, true, null, "\u00e9\ud83d\ude00\n/\/"], "b":{}} "#
        #expect(
            try JSONText.parse(Array(text.utf8))
                == .object([
                    .init(
                        "a", .array([.integer(1), .integer(-20), .integer(0), .bool(true), .null, .string("é😀\n//")])),
                    .init("b", .object([])),
                ]))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "1.0", "1e3", "99999999999999999999", "-", "+1",
        "nul",
        "\"\\x\"", "\"\\ud800\"", "\"\\ude00\"", "\"\\ud800\\u0041\"", "\"a", "\"\u{1}\"", "1 2", "\u{feff}1", "'a'",
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "\"\\u00+1\"", "NaN",
    ]) func refuses(text: String) {
        #expect(throws: JOSEFailure.self) { try JSONText.parse(Array(text.utf8)) }
    }

    @Test func refusesInvalidUTF8AndOverlongForms() {
        for bytes: [UInt8] in [[0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] {
            #expect(throws: JOSEFailure.self) { try JSONText.parse(bytes) }
        }
    }

    @Test func boundsDepthAndLength() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JOSEFailure.self) { try JSONText.parse(Array(deep.utf8), limit: 1 << 20) }
        #expect(throws: JOSEFailure.self) { try JSONText.parse(Array("\"aaaa\"".utf8), limit: 5) }
    }
}
