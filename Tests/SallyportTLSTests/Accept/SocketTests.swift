import Crypto
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import SallyportConfig
import SallyportModel
import Synchronization
import Testing
import X509

@testable import SallyportTLS

/// Clients that openssl cannot play: raw bytes, cut ClientHellos, a post-quantum group alone, a stolen certificate.
@Suite(.serialized) struct SocketTests {
    private let world: TestWorld

    init() throws { world = try TestWorld() }

    /// Sends the bytes, then closes or waits for the server to close. Returns what came back.
    private func send(_ bytes: [UInt8], to server: TestServer, close: Bool = false) async throws -> [UInt8] {
        let collected = Collected()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(collected))
                }
            }
            .connect(host: "127.0.0.1", port: server.port).get()
        if !bytes.isEmpty { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }
        if close { try await channel.close() } else { try await channel.closeFuture.get() }
        return collected.bytes.withLock { $0 }
    }

    /// It brings no key share: the gateway asks for one and waits.
    private static let hello = HelloBytes().with(51, [0, 0]).records()

    @Test(arguments: [
        ([], true, Reason.closedSilently), ([22, 3, 1], true, .closedInClientHello),
        ([0, 1, 2, 3], false, .notTLS), (Array("SSH-2.0-x\r\n".utf8), false, .notTLS),
        ([21, 3, 1, 0, 2, 2, 0], false, .alertFirst), (HelloBytes().records(of: 1), false, .helloTooFragmented),
        ([], false, .handshakeDeadline), (Array(HelloBytes().records().prefix(60)), false, .handshakeDeadline),
        (hello, true, .closedInHandshake),
        (hello, false, .handshakeDeadline),
    ])
    func everyEndHasItsReason(bytes: [UInt8], close: Bool, reason: Reason) async throws {
        // Whatever else ends a connection must be quicker than the deadline, on a busy machine too.
        let server = try await world.start(deadline: reason == .handshakeDeadline ? .milliseconds(300) : .seconds(30))
        _ = try await send(bytes, to: server, close: close)
        let refusal = try #require(try await server.refusal())
        #expect(refusal.reason == reason, "\(refusal.line)")
        #expect(try await server.events(2, within: .milliseconds(50)).count == 1)
        try await server.close()
    }

    @Test func aMalformedHelloIsAnsweredWithAnAlert() async throws {
        let server = try await world.start()
        let reply = try await send(HelloBytes().with(16, [0, 0]).records(), to: server)
        #expect(reply == [21, 3, 3, 0, 2, 2, 50])
        #expect(try await server.refusal()?.reason == .helloMalformed)
        try await server.close()
    }

    @Test func abandonedHandshakesAreReportedOnceEach() async throws {
        let server = try await world.start()
        for _ in 0..<20 { _ = try await send(Self.hello, to: server, close: true) }
        let events = try await server.events(20)
        #expect(events.count == 20)
        #expect(
            events.allSatisfy {
                if case .refused(let refusal) = $0 { refusal.reason == .closedInHandshake } else { false }
            })
        try await server.close()
    }

    // MARK: A real client in Swift

    private func client(
        leaf: TestAuthority.Leaf, key: NIOSSLPrivateKeySource? = nil, groups: [NIOTLSCurve]? = nil
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(world.folder + "/root.pem"))
        configuration.certificateChain = try leaf.der.map {
            .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
        }
        configuration.privateKey =
            try key ?? .privateKey(NIOSSLPrivateKey(bytes: Array(leaf.keyPEM.utf8), format: .pem))
        configuration.curves = groups
        return try NIOSSLContext(configuration: configuration)
    }

    /// What the gateway answers to a client with this context, its ClientHello cut into records of this size.
    private func ask(_ server: TestServer, _ context: NIOSSLContext, records: Int? = nil) async throws -> String {
        let collected = Collected()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    if let records { try sync.addHandler(RecordCutter(size: records)) }
                    try sync.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    try sync.addHandler(Collector(collected))
                }
            }
            .connect(host: "127.0.0.1", port: server.port).get()
        channel.writeAndFlush(ByteBuffer(string: "GET /\n"), promise: nil)
        try await channel.closeFuture.get()
        return String(decoding: collected.bytes.withLock { $0 }, as: UTF8.self)
    }

    @Test func aCutClientHelloIsPutTogether() async throws {
        let server = try await world.start()
        let context = try client(leaf: try world.authority.leaf("alice"))
        for size in [700, 100, 40] {
            #expect(try await ask(server, context, records: size).hasPrefix("you are alice"), "records of \(size)")
        }
        #expect(try await !ask(server, context, records: 10).contains("you are"))
        let events = try await server.events(4)
        guard events.count == 4, case .refused(let refusal) = events[3] else {
            Issue.record("\(events)")
            return
        }
        #expect(refusal.reason == .helloTooFragmented)
        try await server.close()
    }

    @Test(arguments: [NIOTLSCurve.x25519_MLKEM768, .x25519, .secp256r1, .secp384r1])
    func everyGroupIsSpoken(group: NIOTLSCurve) async throws {
        let server = try await world.start(base: .modern)
        let context = try client(leaf: try world.authority.leaf("alice"), groups: [group])
        #expect(try await ask(server, context).hasPrefix("you are alice"))
        try await server.close()
    }

    /// Somebody who has the certificate of alice, which is public, and not her key.
    @Test func aStolenCertificateProvesNothing() async throws {
        let server = try await world.start()
        let leaf = try world.authority.leaf("alice")
        let context = try client(leaf: leaf, key: .privateKey(NIOSSLPrivateKey(customPrivateKey: ForeignKey())))
        #expect(try await !ask(server, context).contains("you are"))
        let refusal = try #require(try await server.refusal())
        #expect(refusal.reason == .clientProofFailed && refusal.subject == "CN=alice", "\(refusal.line)")
        // What was verified on the way must not help the thief either.
        #expect(try await !ask(server, context).contains("you are"))
        try await server.close()
    }
}

private final class Collected: Sendable {
    let bytes = Mutex<[UInt8]>([])
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let collected: Collected

    init(_ collected: Collected) { self.collected = collected }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        collected.bytes.withLock { $0 += Array(bytes.readableBytesView) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Cuts the first record that leaves into records of this many bytes.
private final class RecordCutter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let size: Int
    private var done = false

    init(size: Int) { self.size = size }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !done else { return context.write(data, promise: promise) }
        done = true
        let message = Array(unwrapOutboundIn(data).readableBytesView.dropFirst(5))
        context.write(wrapOutboundOut(ByteBuffer(bytes: HelloBytes.records(message, of: size))), promise: promise)
    }
}

/// Signs with a key that belongs to nothing.
private struct ForeignKey: NIOSSLCustomPrivateKey, Hashable {
    private let key = P256.Signing.PrivateKey()

    var signatureAlgorithms: [SignatureAlgorithm] { [.ecdsaSecp256R1Sha256] }
    var derBytes: [UInt8] { Array(key.derRepresentation) }

    func sign(channel: any Channel, algorithm: SignatureAlgorithm, data: ByteBuffer) -> EventLoopFuture<ByteBuffer> {
        channel.eventLoop.makeCompletedFuture {
            ByteBuffer(bytes: try key.signature(for: Data(data.readableBytesView)).derRepresentation)
        }
    }

    func decrypt(channel: any Channel, data: ByteBuffer) -> EventLoopFuture<ByteBuffer> {
        channel.eventLoop.makeFailedFuture(CryptoKitError.incorrectKeySize)
    }

    static func == (left: ForeignKey, right: ForeignKey) -> Bool {
        left.key.rawRepresentation == right.key.rawRepresentation
    }
    func hash(into hasher: inout Hasher) { hasher.combine(key.rawRepresentation) }
}
