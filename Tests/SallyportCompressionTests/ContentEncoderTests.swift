import Testing

@testable import SallyportCompression

/// That the output is gzip and brotli, clients of other makes say in the end-to-end tests.
@Suite struct ContentEncoderTests {
    @Test(arguments: ContentCoding.allCases) func repetitionShrinks(_ coding: ContentCoding) throws {
        let encoder = try ContentEncoder(coding)
        let text = Array(String(repeating: "all work and no play ", count: 10_000).utf8)
        var out: [UInt8] = []
        try encoder.encode(text.span.bytes, .more, into: &out)
        #expect(encoder.hasPending)
        try encoder.encode([UInt8]().span.bytes, .end, into: &out)
        #expect(!out.isEmpty && out.count < text.count / 50)
    }

    /// A flush lets out everything, so that a stream is not held up.
    @Test(arguments: ContentCoding.allCases) func aFlushLeavesNothingBehind(_ coding: ContentCoding) throws {
        let encoder = try ContentEncoder(coding)
        var total = 0
        for _ in 0..<50 {
            var out: [UInt8] = []
            try encoder.encode(Array("data: tick\n\n".utf8).span.bytes, .flush, into: &out)
            #expect(!out.isEmpty)
            #expect(!encoder.hasPending)
            total += out.count
        }
        #expect(total < 2_000)
    }

    @Test(arguments: ContentCoding.allCases) func nothingAtAllHasAnEnd(_ coding: ContentCoding) throws {
        var out: [UInt8] = []
        try ContentEncoder(coding).encode([UInt8]().span.bytes, .end, into: &out)
        #expect(!out.isEmpty)
    }

    /// Content that does not shrink comes out whole: more than one piece of room is used.
    @Test(arguments: ContentCoding.allCases) func noiseIsNotLost(_ coding: ContentCoding) throws {
        let noise = (0..<300_000).map { _ in UInt8.random(in: .min ... .max) }
        var out: [UInt8] = []
        let encoder = try ContentEncoder(coding)
        try encoder.encode(noise.span.bytes, .more, into: &out)
        try encoder.encode([UInt8]().span.bytes, .end, into: &out)
        #expect(out.count >= noise.count && out.count < noise.count + 1_000)
    }
}
