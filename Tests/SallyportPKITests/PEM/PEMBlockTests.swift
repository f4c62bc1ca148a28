import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct PEMBlockTests {
    private func parse(_ text: String) throws -> [PEMBlock] { try PEMBlock.parse(Array(text.utf8), source: "f.pem") }

    @Test(arguments: 0...200) func roundTrip(_ length: Int) throws {
        guard length > 0 else { return }
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let blocks = try parse(PEMBlock.encode([bytes, bytes], label: "X"))
        #expect(blocks.map(\.der) == [bytes, bytes])
        #expect(blocks.first?.line == 1)
    }

    @Test func commentsBlankLinesAndLineEndsDoNotMatter() throws {
        let text = "\u{feff}subject=CN = a\r\n\r\n-----BEGIN X-----\r\nAQID \r\n\r\n-----END X-----\r\n\n\nend"
        #expect(try parse(text).map(\.der) == [[1, 2, 3]])
        #expect(try parse("-----BEGIN X-----\nAQID\n-----END X-----").count == 1)
        #expect(try parse("").isEmpty)
    }

    @Test(arguments: [
        "-----BEGIN X-----\nAQID\n", "-----BEGIN X-----\nAQID\n-----END Y-----\n", "-----END X-----\n",
        "-----BEGIN X-----\n-----BEGIN X-----\nAQID\n-----END X-----\n", "-----BEGIN X-----\nAQI\n-----END X-----\n",
        "-----BEGIN X-----\nAQ*D\n-----END X-----\n", "-----BEGIN X-----\n-----END X-----\n",
        "-----BEGIN X-----\nAQJ=\n-----END X-----\n", "-----BEGIN X----\nAQID\n-----END X-----\n",
        "-----BEGIN X-----\nA===\n-----END X-----\n", "-----BEGIN X-----\nAQ=D\n-----END X-----\n",
        "-----begin X-----\nAQID\n-----end X-----\n", "-----BEGIN X-----\nAQID\u{0}\n-----END X-----\n",
    ])
    func refusesDamage(_ text: String) {
        #expect(throws: PKIError.self) { try parse(text) }
    }

    @Test func errorNamesFileAndLine() {
        let error = #expect(throws: PKIError.self) { try parse("\n-----BEGIN X-----\nAQID\n") }
        #expect(error?.subject == "f.pem:4")
        #expect(error?.detail.contains("line 2") == true)
        #expect(error?.reason == .pemMalformed)
    }
}
