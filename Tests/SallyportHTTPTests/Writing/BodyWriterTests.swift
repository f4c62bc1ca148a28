import Testing

@testable import SallyportHTTP

@Suite struct BodyWriterTests {
    /// What is written for content in these pieces; nil when the writer refuses.
    private func written(_ framing: BodyFraming, _ pieces: [String]) -> String? {
        var writer = BodyWriter(framing)
        var out: [UInt8] = []
        for piece in pieces {
            guard writer.prefix(forChunkOf: piece.utf8.count, into: &out) else { return nil }
            out += piece.utf8
            writer.suffix(into: &out)
        }
        return writer.finish(into: &out) ? String(decoding: out, as: UTF8.self) : nil
    }

    @Test func framesAndHoldsToThePromise() {
        let sixteen = "0123456789abcdef"
        let cases: [(BodyFraming, [String], String?)] = [
            (.none, [], ""), (.none, [""], ""), (.none, ["a"], nil),
            (.length(3), ["ab", "", "c"], "abc"), (.length(3), ["ab"], nil), (.length(3), ["ab", "cd"], nil),
            (.length(0), [], ""), (.untilClose, ["a", "b"], "ab"),
            (.chunked, [], "0\r\n\r\n"), (.chunked, ["", "a", ""], "1\r\na\r\n0\r\n\r\n"),
            (.chunked, [sixteen], "10\r\n\(sixteen)\r\n0\r\n\r\n"),
        ]
        for (framing, pieces, expected) in cases {
            #expect(written(framing, pieces) == expected, "\(framing) \(pieces)")
        }
    }

    @Test func refusedContentWritesNothing() {
        var writer = BodyWriter(.length(1))
        var out: [UInt8] = []
        let isTwoTaken = writer.prefix(forChunkOf: 2, into: &out)
        let isNegativeTaken = writer.prefix(forChunkOf: -1, into: &out)
        #expect(!isTwoTaken)
        #expect(!isNegativeTaken)
        #expect(out.isEmpty)
    }

    @Test func anOpenChunkDoesNotEndTheContent() {
        var writer = BodyWriter(.chunked)
        var out: [UInt8] = []
        _ = writer.prefix(forChunkOf: 2, into: &out)
        let isFinished = writer.finish(into: &out)
        #expect(!isFinished)
    }

    @Test func nothingFollowsTheEnd() {
        var writer = BodyWriter(.chunked)
        var out: [UInt8] = []
        let isFinished = writer.finish(into: &out)
        let isMoreTaken = writer.prefix(forChunkOf: 1, into: &out)
        #expect(isFinished)
        #expect(!isMoreTaken)
        #expect(out == Array("0\r\n\r\n".utf8))
    }

    @Test func numbersHaveNoLeadingZeros() {
        for number: UInt64 in [0, 1, 9, 10, 15, 16, 255, 256, 1_000_000, .max, .max - 1, 1 << 60] {
            var decimal: [UInt8] = []
            var hex: [UInt8] = []
            decimal.append(decimal: number)
            hex.append(hex: number)
            #expect(String(decoding: decimal, as: UTF8.self) == String(number))
            #expect(String(decoding: hex, as: UTF8.self) == String(number, radix: 16, uppercase: true))
        }
    }
}
