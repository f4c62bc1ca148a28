import Foundation
import Testing

@testable import SallyportTelemetry

@Suite struct EscapedTextTests {
    private func escaped(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        bytes.withUnsafeBufferPointer { EscapedText.append($0, to: &output) }
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: [
        ("plain /path?x=1", "plain /path?x=1"),
        ("quote\" back\\slash", "quote\\\" back\\\\slash"),
        ("line\r\nbreak\ttab\0nul", "line\\r\\nbreak\\ttab\\u0000nul"),
        ("\u{1B}[31mred\u{7F}", "\\u001b[31mred\\u007f"),
        ("\u{9B}31m", "\\u009b31m"),
        ("a\u{2028}b\u{2029}c", "a\\u2028b\\u2029c"),
        ("ab\u{202E}cd\u{2066}\u{FEFF}", "ab\\u202ecd\\u2066\\ufeff"),
        ("é € 𝄞 日本", "é € 𝄞 日本"),
        ("", ""),
    ])
    func text(_ source: String, _ expected: String) {
        #expect(escaped(Array(source.utf8)) == expected)
    }

    @Test(
        arguments: [
            ([0xFF], "\\ufffd"),
            ([0xC0, 0xAF], "\\ufffd\\ufffd"),
            ([0xE2, 0x82], "\\ufffd"),
            ([0xE2, 0x82, 0x41], "\\ufffdA"),
            ([0xED, 0xA0, 0x80], "\\ufffd\\ufffd\\ufffd"),
            ([0xF4, 0x90, 0x80, 0x80], "\\ufffd\\ufffd\\ufffd\\ufffd"),
            ([0x80, 0x41], "\\ufffdA"),
            ([0xF0, 0x9F, 0x98, 0x22], "\\ufffd\\\""),
        ] as [([UInt8], String)])
    func invalidUTF8(_ source: [UInt8], _ expected: String) {
        #expect(escaped(source) == expected)
    }

    @Test func everyPairOfBytesStaysOneJSONString() throws {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let json = "[\"" + escaped([first, second, first, second]) + "\"]"
                #expect(!json.utf8.contains { $0 < 0x20 || $0 == 0x7F })
                let value = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String]
                #expect(value?.count == 1)
            }
        }
    }

    @Test func randomBytesAgreeWithTheStandardLibrary() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let json = Data(("[\"" + escaped(bytes) + "\"]").utf8)
            let value = try JSONSerialization.jsonObject(with: json) as? [String]
            #expect(value == [String(decoding: bytes, as: UTF8.self)], "\(bytes)")
        }
    }
}
