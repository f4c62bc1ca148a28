import Logging
import NIOCore
import NIOEmbedded
import NIOHPACK
import SallyportConfig
import SallyportEdge
import SallyportHTTP
import SallyportModel
import SallyportPKI
import SallyportTelemetry
import SallyportTLS
import Testing

@testable import SallyportProxy

/// A client's connection without sockets. No listener is configured, so each request is answered 404.
private final class Wire {
    let channel = EmbeddedChannel()
    let loop: LoopState
    let connection: HTTP2ServerConnection
    private var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
    private var next: UInt32 = 1

    /// - Parameter window: what the client lets each stream send, bytes.
    init(window: UInt32 = 65535) throws {
        let configuration = Configuration()
        let generation = Generation(
            number: 1, configuration: configuration, tls: [:], services: [:], upstreams: [:], certificates: [],
            lifetimes: [], acme: [], issued: [:], files: ReadFiles(), revocation: .nothing,
            callers: CallerKeeper(StateDirectory(path: "/nonexistent"), logger: Logger(label: "test")),
            accessLog: AccessLogOwner(
                try AccessLogger(nil, format: .json, shards: 1), settings: configuration.accessLog),
            loadedAt: 0)
        loop = LoopState(
            eventLoop: channel.eventLoop, index: 0, counters: LoopCounters(), logger: Logger(label: "test"),
            generation: generation, handshakes: 10,
            edge: EdgeState(EdgeLimits(), files: FileBudget(limit: 1024), workers: 1))
        let facts = TLSFacts(version: .tls13, cipherSuite: "TLS_AES_128_GCM_SHA256", group: nil, resumed: false, alpn: "h2")
        let session = ClientSession(
            loop: loop, listener: ListenerRuntime(name: "main"),
            established: EstablishedConnection(
                identity: nil, sni: "a", policy: .listener, certificate: CertificateNames(["a"]), tls: facts),
            addresses: ClientAddresses(channel), view: loop.current)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
        connection = try HTTP2ServerConnection.install(session, on: channel)
        try receive(HTTP2Bytes.preface + HTTP2Bytes.settings([(4, window)]) + HTTP2Bytes.acknowledgement)
    }

    func receive(_ bytes: [UInt8]) throws {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        channel.embeddedEventLoop.run()
    }

    /// - Returns: the number of the stream.
    func ask() throws -> UInt32 {
        let fields: HPACKHeaders = [":method": "GET", ":scheme": "https", ":path": "/", ":authority": "a"]
        defer { next += 2 }
        try receive(try HTTP2Bytes.headers(fields, on: next, ends: true, &encoder))
        return next
    }

    func frames() throws -> [HTTP2Bytes.Frame] { try HTTP2Bytes.written(by: channel) }

    /// Looks at the connection as the loop does, each second from the time given on, until the connection has said what is
    /// looked for or a time has passed.
    func seconds(until isThere: ([HTTP2Bytes.Frame]) -> Bool, atMost: Int64) throws -> Int64? {
        let start = NIODeadline.now()
        for second in 0...atMost {
            connection.sweep(now: start + .seconds(second))
            if isThere(try frames()) { return second }
        }
        return nil
    }

    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
}

@Suite struct HTTP2ServerConnectionTests {
    private static let reset: UInt8 = 3
    private static let goAway: UInt8 = 7

    @Test func aConnectionWithoutRequestsIsToldToLeaveAfterAMinute() throws {
        let wire = try Wire()
        let told = try wire.seconds(until: { $0.contains { $0.kind == Self.goAway } }, atMost: 400)
        #expect((60...62).contains(try #require(told)))
    }

    @Test func anIdleConnectionIsToldToLeaveAfterFiveMinutes() throws {
        let wire = try Wire()
        _ = try wire.ask()
        let told = try #require(try wire.seconds(until: { $0.contains { $0.kind == Self.goAway } }, atMost: 400))
        #expect((300...302).contains(told))
    }

    /// An answer that its stream's window does not let out.
    @Test func aStreamWithoutWindowIsReset() throws {
        let wire = try Wire(window: 0)
        let stream = try wire.ask()
        #expect(wire.connection.heldBytes > 0)
        let ended = try wire.seconds(until: { $0.contains { $0.kind == Self.reset && $0.stream == stream } }, atMost: 100)
        #expect(try #require(ended) <= 31)
        #expect(wire.connection.heldBytes == 0 && wire.connection.streams.isEmpty)
    }

    /// Who opens the window by a few bytes now and then gains nothing.
    @Test func aWindowThatOpensByBytesIsNone() throws {
        let wire = try Wire(window: 0)
        let stream = try wire.ask()
        let start = NIODeadline.now()
        var ended: Int64?
        for second in Int64(0)...100 where ended == nil {
            try wire.receive(HTTP2Bytes.frame(8, 0, on: stream, HTTP2Bytes.bigEndian(1)))
            wire.connection.sweep(now: start + .seconds(second))
            if try wire.frames().contains(where: { $0.kind == Self.reset && $0.stream == stream }) { ended = second }
        }
        #expect(try #require(ended) <= 31)
    }

    @Test func whatIsHeldForAStreamIsFreedWithItsReset() throws {
        let wire = try Wire(window: 0)
        let streams = try (0..<20).map { _ in try wire.ask() }
        let held = wire.connection.heldBytes
        for (number, stream) in streams.enumerated() {
            try wire.receive(HTTP2Bytes.frame(Self.reset, 0, on: stream, HTTP2Bytes.bigEndian(8)))
            #expect(wire.connection.heldBytes == held / 20 * (19 - number))
        }
        #expect(wire.connection.streams.isEmpty)
    }

    /// The more streams there are, the less each may hold: all together 1 MiB.
    @Test func whatAConnectionHoldsIsBounded() throws {
        let wire = try Wire(window: 0)
        #expect(wire.connection.heldForStream == HTTP2ServerSettings.heldForStream.most)
        for number in 1...HTTP2ServerSettings.streams {
            _ = try wire.ask()
            #expect(wire.connection.streams.count == number)
            let all = wire.connection.heldForStream * number
            #expect(all <= HTTP2ServerSettings.heldForClient)
            #expect(wire.connection.heldForStream >= HTTP2ServerSettings.heldForStream.least)
        }
    }
}
