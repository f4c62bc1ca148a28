import Foundation
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportModel
import SallyportPKI
import SwiftASN1
import Synchronization
import Testing
import X509

@testable import SallyportTLS

/// `openssl s_server` as the upstream.
@Suite(.serialized) struct UpstreamTLSTests {
    private let world: TestWorld

    init() throws { world = try TestWorld() }

    private func context(
        name: String? = "localhost", uri: String? = nil, pins: [[UInt8]] = [], trust: TestAuthority? = nil,
        present: TestAuthority.Leaf? = nil
    ) throws -> UpstreamTLSContext {
        try UpstreamTLSContext(
            UpstreamTLS(trust: ["internal"], name: name, uri: uri, pins: pins), trust: try (trust ?? world.authority).anchors,
            isPublic: false, credential: try present?.credential(), source: "orders")
    }

    /// The reason why the upstream cannot be spoken to; nil when it answered.
    private func failure(
        _ context: UpstreamTLSContext, server arguments: [String], leaf: TestAuthority.Leaf? = nil,
        host: String = "127.0.0.1"
    ) async throws -> Reason? {
        let leaf = leaf ?? world.server
        let upstream = try await OpenSSLServer(
            [
                "-cert", world.write("u.pem", leaf.pem), "-key", world.write("u.key", leaf.keyPEM),
                "-cert_chain",
                world.write("u.chain", TestAuthority.Leaf(chain: [world.authority.intermediate], key: leaf.key).pem),
            ]
                + arguments)
        defer { upstream.stop() }
        return try await ask(context, host: host, port: upstream.port)
    }

    private func ask(_ context: UpstreamTLSContext, host: String, port: Int) async throws -> Reason? {
        let outcome = Outcome()
        let target = UpstreamTarget(scheme: .https, host: host, port: UInt16(port))
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let asker = Asker(outcome)
                    let handler = try context.makeHandler(target: target, done: asker.take)
                    try channel.pipeline.syncOperations.addHandlers([handler, asker])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.closeFuture.get()
        return outcome.state.withLock { state in
            state.answered ? nil : state.failure?.reason ?? .internalError
        }
    }

    @Test func aTrustedUpstreamIsSpokenTo() async throws {
        #expect(try await failure(try context(), server: []) == nil)
        #expect(try await failure(try context(), server: ["-tls1_2"]) == nil)
    }

    @Test func aTargetsOwnNameIsVerified() async throws {
        #expect(try await failure(try context(name: nil), server: [], host: "localhost") == nil)
        #expect(try await failure(try context(name: nil), server: [], host: "127.0.0.1") == .upstreamNameMismatch)
        let address = try world.authority.leaf(
            "address", usages: [.serverAuth], names: [.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))])
        #expect(try await failure(try context(name: nil), server: [], leaf: address) == nil)
    }

    @Test func aServiceIsKnownByItsURI() async throws {
        let id = "spiffe://test.example/orders"
        let service = try world.authority.leaf(
            "orders", usages: [.serverAuth], names: [.uniformResourceIdentifier(id)])
        #expect(try await failure(try context(name: nil, uri: id), server: [], leaf: service) == nil)
        let all = "spiffe://test.example/*"
        #expect(try await failure(try context(name: nil, uri: all), server: [], leaf: service) == nil)
        let other = "spiffe://test.example/billing"
        #expect(try await failure(try context(name: nil, uri: other), server: [], leaf: service) == .upstreamNameMismatch)
        // A name that is asked for besides is still asked for.
        #expect(try await failure(try context(uri: id), server: [], leaf: service) == .upstreamNameMismatch)
        let client = try world.authority.leaf("orders", names: [.uniformResourceIdentifier(id)])
        #expect(try await failure(try context(name: nil, uri: id), server: [], leaf: client) == .upstreamNotTrusted)
    }

    @Test func aPinnedKeyIsTheOnlyOneSpokenTo() async throws {
        let key = try #require(KeyFingerprint.sha256(certificate: world.server.der[0]))
        let issuer = try #require(KeyFingerprint.sha256(certificate: world.server.der[1]))
        #expect(try await failure(try context(pins: [[UInt8](repeating: 0, count: 32), key]), server: []) == nil)
        #expect(try await failure(try context(pins: [issuer]), server: []) == .upstreamNotTrusted)
        let stranger = try TestAuthority(name: "Other")
        #expect(try await failure(try context(pins: [key], trust: stranger), server: []) == .upstreamNotTrusted)
    }

    @Test func everyFailureHasItsReason() async throws {
        let stranger = try TestAuthority(name: "Other")
        #expect(try await failure(try context(trust: stranger), server: []) == .upstreamNotTrusted)
        let expired = try world.authority.server(["localhost"], life: -7200...(-3600))
        #expect(try await failure(try context(), server: [], leaf: expired) == .upstreamCertificateExpired)
        let future = try world.authority.server(["localhost"], life: 3600...7200)
        #expect(try await failure(try context(), server: [], leaf: future) == .upstreamCertificateExpired)
        #expect(try await failure(try context(name: "other.example"), server: []) == .upstreamNameMismatch)
        let client = try world.authority.leaf("localhost", usages: [.clientAuth], names: [.dnsName("localhost")])
        #expect(try await failure(try context(), server: [], leaf: client) == .upstreamNotTrusted)
        let old = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]
        #expect(try await failure(try context(), server: old) == .upstreamNoCommonTLS)
        #expect(try await failure(try context(), server: ["-tls1_3", "-groups", "P-521"]) == .upstreamNoCommonTLS)
    }

    @Test func ourCertificateIsPresented() async throws {
        let wanted = ["-Verify", "3", "-verify_return_error", "-CAfile", world.folder + "/root.pem"]
        let ours = try world.authority.leaf("gateway")
        #expect(try await failure(try context(present: ours), server: wanted) == nil)
        #expect(try await failure(try context(present: ours), server: wanted + ["-tls1_2"]) == nil)
        #expect(try await failure(try context(), server: wanted + ["-tls1_3"]) == .upstreamRefusedCertificate)
        let foreign = try TestAuthority(name: "Other").leaf("gateway")
        #expect(
            try await failure(try context(present: foreign), server: wanted + ["-tls1_3"])
                == .upstreamRefusedCertificate)
        #expect(
            try await failure(try context(present: foreign), server: wanted + ["-tls1_2"])
                == .upstreamRefusedCertificate)
    }

    @Test func plainHTTPIsNotTLS() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(PlainAnswer()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        #expect(
            try await ask(try context(), host: "localhost", port: server.localAddress?.port ?? 0) == .upstreamNotTLS)
        try await server.close()
    }

    // MARK: Building

    @Test func anEmptyTrustIsNoTrust() throws {
        #expect(throws: PKIError.self) {
            try UpstreamTLSContext(UpstreamTLS(trust: ["internal"]), trust: [], isPublic: false, credential: nil, source: "orders")
        }
    }

    @Test(arguments: [("a b", "localhost"), ("", "localhost")])
    func namesThatCannotBeVerifiedAreRefused(name: String, host: String) throws {
        let context = try context(name: name)
        #expect(throws: PKIError.self) {
            try context.makeHandler(target: UpstreamTarget(scheme: .https, host: host, port: 1), done: { _ in })
        }
    }

    @Test func otherErrorsAreNotOurs() {
        #expect(UpstreamTLSFailure(ChannelError.eof) == nil)
        #expect(UpstreamTLSFailure(TLSFailure.truncated) == nil)
        #expect(UpstreamTLSFailure(TLSFailure.library([]))?.reason == .upstreamHandshakeFailed)
    }
}

private final class Outcome: Sendable {
    let state = Mutex<(answered: Bool, failure: UpstreamTLSFailure?)>((false, nil))
}

private final class Asker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let outcome: Outcome
    private var context: ChannelHandlerContext?

    init(_ outcome: Outcome) { self.outcome = outcome }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func take(_ result: Result<UpstreamPeer, UpstreamTLSFailure>) {
        switch result {
        case .failure(let failure): outcome.state.withLock { $0.failure = $0.failure ?? failure }
        case .success:
            context?.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "GET / HTTP/1.0\r\n\r\n")), promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        outcome.state.withLock { $0.answered = true }
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let failure = UpstreamTLSFailure(error)
        outcome.state.withLock { $0.failure = $0.failure ?? failure }
        context.close(promise: nil)
    }
}

private final class PlainAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n")), promise: nil)
    }
}

/// `openssl s_server -www` on a free port of loopback.
private final class OpenSSLServer {
    let port: Int
    private let process = Process()

    init(_ arguments: [String]) async throws {
        port = try await Self.freePort()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-www"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        for _ in 0..<200 where try await !answers() { try await Task.sleep(for: .milliseconds(10)) }
    }

    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }

    private func answers() async throws -> Bool {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.close()
            return true
        } catch { return false }
    }

    /// A child inherits that SIGTERM is blocked, so nothing less ends it.
    func stop() { kill(process.processIdentifier, SIGKILL) }
}
