import SallyportModel
import Testing

@testable import SallyportHTTP

/// Frames as a peer would send them, by their headers alone.
struct FrameBytes {
    var bytes: [UInt8] = []

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    mutating func add(_ type: UInt8, length: Int, flags: UInt8 = 0, stream: UInt32 = 1) {
        bytes += [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
        bytes += [UInt8(stream >> 24), UInt8(stream >> 16 & 255), UInt8(stream >> 8 & 255), UInt8(stream & 255)]
        bytes += [UInt8](repeating: 0, count: length)
    }

    static func many(_ count: Int, _ type: UInt8, length: Int, flags: UInt8 = 0) -> [UInt8] {
        var frames = FrameBytes()
        for _ in 0..<count { frames.add(type, length: length, flags: flags) }
        return frames.bytes
    }
}

@Suite struct HTTP2FramePolicerTests {

    private func makePolicer(_ limits: HTTP2FramePolicer.Limits = .init()) -> HTTP2FramePolicer {
        HTTP2FramePolicer(limits: limits, expectsPreface: false, now: 0)
    }

    private func verdict(_ bytes: [UInt8], _ policer: inout HTTP2FramePolicer, now: UInt64 = 0) -> HTTP2FramePolicer.Verdict {
        policer.inspect(bytes.span.bytes, now: now).verdict
    }

    private func refusal(of bytes: [UInt8], now: UInt64 = 0) -> HTTP2Code? {
        var policer = makePolicer()
        guard case .refuse(let refusal) = verdict(bytes, &policer, now: now) else { return nil }
        #expect(verdict([0], &policer) == .refuse(refusal), "it stays refused")
        return refusal.code
    }

    @Test func preface() {
        var policer = HTTP2FramePolicer(now: 0)
        #expect(verdict(FrameBytes.preface, &policer) == .pass)
        #expect(policer.unfinished == nil)
        var other = HTTP2FramePolicer(now: 0)
        guard case .refuse(let refusal) = verdict(Array("GET / HTTP/1.1\r\n".utf8), &other) else {
            Issue.record("taken for HTTP/2")
            return
        }
        #expect(refusal.code == .protocolError)
    }

    @Test func frameSize() {
        #expect(refusal(of: FrameBytes.many(1, 0, length: 16384)) == nil)
        // The nine bytes are enough: nothing of the payload has come.
        #expect(refusal(of: Array(FrameBytes.many(1, 0, length: 16385).prefix(9))) == .frameSizeError)
    }

    /// Type, payload, flags: what is refused when there is much of it, and how much of it is not.
    static let cases: [(type: UInt8, length: Int, good: Int)] = [
        (6, 8, 1000), (4, 0, 50), (2, 5, 100), (8, 4, 1000), (0x42, 3, 100), (0, 1, 1000), (3, 4, 100), (7, 8, 100),
        (0, 20, 20_000), (0, 0, 10),
    ]

    @Test(arguments: cases.indices) func floods(index: Int) {
        let (type, length, good): (UInt8, Int, Int) = Self.cases[index]
        #expect(refusal(of: FrameBytes.many(good, type, length: length)) == nil)
        #expect(refusal(of: FrameBytes.many(good + 1, type, length: length)) == .enhanceYourCalm)
    }

    @Test func emptyHeaderBlocks() {
        #expect(refusal(of: FrameBytes.many(11, 9, length: 0)) == .enhanceYourCalm)
        #expect(refusal(of: FrameBytes.many(11, 0, length: 1, flags: 8)) == .enhanceYourCalm)
        #expect(refusal(of: FrameBytes.many(100, 0, length: 0, flags: 1)) == nil)
    }

    /// A thousand pings a second, as the bandwidth estimators of gRPC send them, are explained by data either way.
    @Test func pingsLiveWithData() {
        var policer = makePolicer()
        var sent = FrameBytes()
        sent.add(6, length: 8)
        for step in 0..<100_000 {
            policer.sentData(bytes: 16384)
            guard verdict(sent.bytes, &policer, now: UInt64(step) * 1_000_000_000 / 1000) == .pass else {
                Issue.record("refused after \(step)")
                return
            }
        }
        sent.add(0, length: 1000)
        for step in 0..<100_000 where verdict(sent.bytes, &policer, now: UInt64(step)) != .pass {
            Issue.record("refused after \(step)")
            return
        }
    }

    @Test func budgetsGrowWithTime() {
        var policer = makePolicer()
        #expect(verdict(FrameBytes.many(50, 4, length: 0), &policer) == .pass)
        #expect(verdict(FrameBytes.many(1, 4, length: 0), &policer, now: 1_000_000_000) == .pass)
        #expect(verdict(FrameBytes.many(1, 4, length: 0), &policer, now: 1_000_000_000) != .pass)
    }

    @Test func requestsTakeTurns() {
        var policer = makePolicer()
        let frames = FrameBytes.many(20, 1, length: 10, flags: 4)
        let (passed, verdict) = policer.inspect(frames.span.bytes, now: 0)
        #expect(verdict == .pause && passed == 16 * 19 + 8)
        policer.turn()
        let rest = policer.inspect(frames.span.bytes.extracting(passed..<frames.count), now: 0)
        #expect(rest.verdict == .pass && rest.passed == frames.count - passed)
    }

    @Test func countsDataAndHeaderBlocks() {
        var policer = makePolicer()
        var frames = FrameBytes()
        frames.add(0, length: 100)
        frames.add(1, length: 5)
        #expect(verdict(frames.bytes, &policer) == .pass)
        #expect(policer.dataReceived == 100 && policer.isInsideHeaderBlock)
        #expect(verdict(FrameBytes.many(1, 9, length: 5, flags: 4), &policer) == .pass)
        #expect(!policer.isInsideHeaderBlock)
        #expect(verdict([0, 0], &policer) == .pass)
        #expect(policer.unfinished == 4)
    }

    @Test func nothingStandsBehindTheEnd() {
        var policer = makePolicer()
        let block = FrameBytes.many(1, 1, length: 5, flags: 5)
        #expect(verdict(block, &policer) == .pass)
        policer.streamIsOver(1)
        #expect(verdict(block, &policer) == .pass)
        guard case .refuse(let refusal) = verdict(block, &policer) else {
            Issue.record("a second header block")
            return
        }
        #expect(refusal.code == .streamClosed)
    }

    /// The cuts do not matter.
    @Test func byteByByte() {
        var frames = FrameBytes()
        for type in UInt8(0)...10 { frames.add(type, length: Int(type) * 7, flags: 4) }
        frames.add(0, length: 1 << 20)
        var whole = makePolicer()
        var cut = makePolicer()
        let expected = verdict(frames.bytes, &whole)
        var found = HTTP2FramePolicer.Verdict.pass
        for byte in frames.bytes where found == .pass { found = verdict([byte], &cut) }
        #expect(found == expected && found != .pass)
        #expect(cut.dataReceived == whole.dataReceived)
    }

    @Test func resetsAreMeasured() {
        var meter = HTTP2ResetMeter()
        for _ in 0..<499 {
            meter.requestBegan()
            meter.wasReset(age: 0)
        }
        #expect(!meter.isAbuse)
        meter.requestBegan()
        #expect(meter.isAbuse)
        var patient = HTTP2ResetMeter()
        for _ in 0..<1000 {
            patient.requestBegan()
            patient.wasReset(age: HTTP2ResetMeter.lifetime)
        }
        #expect(!patient.isAbuse)
    }
}
