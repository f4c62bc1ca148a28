import Testing

@testable import SallyportTelemetry

@Suite struct TraceContextTests {
    private static let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    private func read(_ parents: [String], _ states: [String] = []) -> TraceContext? {
        TraceContext(traceparents: parents.map { Array($0.utf8)[...] }, tracestates: states.map { Array($0.utf8)[...] })
    }

    @Test func reads() throws {
        let context = try #require(read([Self.good], ["congo=t61rcWkgMzE, rojo=00f067aa0ba902b7"]))
        #expect(context.trace == TraceID(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c))
        #expect(context.parent == SpanID(0xb7ad_6b71_6920_3331))
        #expect(context.isSampled)
        #expect(context.state == "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
    }

    @Test(arguments: ["00", "02", "fe"]) func theLowestFlagCounts(_ flags: String) throws {
        #expect(try !#require(read(["\(Self.good.dropLast(2))\(flags)"])).isSampled)
    }

    @Test func laterVersionsAreReadAsFarAsKnown() {
        #expect(read(["cc" + Self.good.dropFirst(2)]) != nil)
        #expect(read(["cc" + Self.good.dropFirst(2) + "-what-the-future-holds"]) != nil)
        #expect(read(["cc" + Self.good.dropFirst(2) + ".what"]) == nil)
        #expect(read(["cc" + Self.good.dropFirst(2) + "-" + String(repeating: "a", count: 300)]) == nil)
    }

    @Test(arguments: [
        "", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
        "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
        "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-001",
        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
    ])
    func everythingElseIsNone(_ line: String) { #expect(read([line]) == nil) }

    @Test func twoAreNone() {
        #expect(read([Self.good, Self.good]) == nil)
        #expect(read([], ["a=1"]) == nil)
    }

    @Test(arguments: [
        "a", "=1", "A=1", "-a=1", "a=", "a=1,a=2", "a=b=c", "a=ü", "a=b\u{7F}", "a=b,ü=c", "a==",
        String(repeating: "k", count: 257) + "=v", "k=" + String(repeating: "v", count: 257),
        (0..<33).map { "k\($0)=v" }.joined(separator: ","),
        (0..<8).map { "k\($0)=" + String(repeating: "v", count: 200) }.joined(separator: ","),
    ])
    func aBadStateIsDroppedAsAWhole(_ state: String) throws {
        #expect(try #require(read([Self.good], [state])).state.isEmpty)
    }

    @Test func statesOfSeveralLinesAreOne() throws {
        let context = try #require(read([Self.good], ["a=1,,b@c=2\t", " ,d=3 4"]))
        #expect(context.state == "a=1,b@c=2,d=3 4")
    }

    @Test func writesWhatItReads() throws {
        let context = try #require(read([Self.good], ["a=1"]))
        var lines: [UInt8] = []
        TraceContext.write(context.trace, context.parent, isSampled: true, state: context.state, into: &lines)
        #expect(String(decoding: lines, as: UTF8.self) == "traceparent: \(Self.good)\r\ntracestate: a=1\r\n")
    }
}

@Suite struct TraceSamplerTests {
    private let id = RequestID(high: 7, low: (1 << 56) - 1)
    private let span = SpanID(3)

    @Test func noneAndAll() throws {
        for low: UInt64 in [1, (1 << 56) - 1, .max] {
            let trace = try #require(TraceID(high: 1, low: low))
            #expect(!TraceSampler(basisPoints: 0).isSampled(trace))
            #expect(TraceSampler(basisPoints: 10_000).isSampled(trace))
        }
    }

    @Test func takesItsShare() throws {
        var generator = SystemRandomNumberGenerator()
        let sampler = TraceSampler(basisPoints: 1000)
        let taken = (0..<20_000).count { _ in sampler.isSampled(TraceID(RequestID(high: 1, low: generator.next()))) }
        #expect((1600...2400).contains(taken))
    }

    @Test func whoIsTrustedDecides() throws {
        let span = try #require(span)
        let trace = try #require(TraceID(high: 1, low: 2))
        let incoming = TraceContext(trace: trace, parent: span, isSampled: true, state: "a=1")
        let trusted = RequestTrace(
            id, incoming: incoming, isTrusted: true, sampler: TraceSampler(basisPoints: 0), span: span)
        #expect(trusted.trace == trace && trusted.parent == span && trusted.isSampled && trusted.link == nil)
        #expect(trusted.state == "a=1")
        let stranger = RequestTrace(
            id, incoming: incoming, isTrusted: false, sampler: TraceSampler(basisPoints: 0), span: span)
        #expect(stranger.trace == TraceID(id) && stranger.parent == nil && !stranger.isSampled)
        #expect(stranger.link == incoming && stranger.state.isEmpty)
    }

    @Test func noRequestHasNoName() { #expect(TraceID(RequestID(high: 0, low: 0)) != TraceID(high: 0, low: 0)) }
}
