import Crypto
import NIOCore
import SallyportConfig
import SallyportPKI
import Testing

@testable import SallyportTLS

/// A client and a server without sockets: bytes are carried by hand.
@Suite struct TLSEngineTests {
    private let authority: TestAuthority
    private let chain: CredentialPair

    init() throws {
        authority = try TestAuthority()
        chain = try authority.server(["localhost"]).credential()
    }

    private func server(
        _ settings: TLSSettings = TLSSettings(minimum: .tls12), peer: TLSContext.PeerCertificate = .unwanted,
        judge: @escaping ([[UInt8]]) -> Bool = { _ in false }
    ) throws -> TLSEngine {
        let context = try TLSContext(settings, side: .server(peer, resumption: true, authorities: []), source: "test")
        let credential = try TLSCredential(chain, algorithms: settings.signatureAlgorithms, source: "test")
        return try #require(
            TLSEngine(server: context, credentials: [credential], sessionContext: [1], judge: judge))
    }

    private func client(
        _ settings: TLSSettings = TLSSettings(minimum: .tls12), name: String? = "localhost",
        credential: CredentialPair? = nil, judge: @escaping ([[UInt8]]) -> Bool = { _ in true }
    ) throws -> TLSEngine {
        let context = try TLSContext(settings, side: .client, source: "test")
        let own = try credential.map { try TLSCredential($0, algorithms: settings.signatureAlgorithms, source: "test") }
        return try #require(TLSEngine(client: context, serverName: name, credential: own, judge: judge))
    }

    /// Carries bytes until nobody has anything to say; what each side's handshake came to.
    private func shake(
        _ client: TLSEngine, _ server: TLSEngine, piece: Int = .max
    ) -> (client: TLSEngine.HandshakeStep, server: TLSEngine.HandshakeStep) {
        var outcome = (client: client.handshake(), server: TLSEngine.HandshakeStep.incomplete)
        for _ in 0..<20 {
            let (up, down) = (client.takeOutbound(), server.takeOutbound())
            if up == nil, down == nil { break }
            deliver(up, to: server, piece) { if outcome.server == .incomplete { outcome.server = server.handshake() } }
            deliver(down, to: client, piece) { if outcome.client == .incomplete { outcome.client = client.handshake() } }
        }
        return outcome
    }

    private func deliver(_ bytes: ByteBuffer?, to engine: TLSEngine, _ piece: Int, then act: () -> Void) {
        var bytes = bytes ?? ByteBuffer()
        while bytes.readableBytes > 0, let part = bytes.readSlice(length: min(piece, bytes.readableBytes)) {
            engine.receive(part)
            act()
        }
    }

    private func text(_ engine: TLSEngine) -> (String, TLSEngine.ReadOutcome) {
        var buffer = ByteBuffer()
        let outcome = engine.read(into: &buffer)
        return (String(buffer: buffer), outcome)
    }

    private func carry(_ from: TLSEngine, _ to: TLSEngine) { from.takeOutbound().map(to.receive) }

    @Test(arguments: [Int.max, 1000, 1])
    func twoEnginesAgree(piece: Int) throws {
        let (client, server) = (try client(), try server())
        #expect(shake(client, server, piece: piece) == (.complete, .complete))
        let facts = try #require(server.facts)
        #expect(facts.version == .tls13 && facts.group == "X25519MLKEM768" && !facts.resumed && facts.isPostQuantum)
        #expect(facts.cipherSuite.hasPrefix("TLS_") && server.serverName == "localhost")
        #expect(client.facts?.peerSignatureAlgorithm == "ecdsa_secp256r1_sha256")
        #expect(client.peerCertificates == chain.chain.map(\.der))
        #expect(client.requestedAuthorities == nil)
    }

    @Test func whatIsWrittenIsRead() throws {
        let (client, server) = (try client(), try server())
        #expect(shake(client, server) == (.complete, .complete))
        let long = String(repeating: "sally", count: 20_000)
        try client.write(ByteBuffer(string: long))
        try client.write(ByteBuffer(string: "port"))
        carry(client, server)
        #expect(text(server) == (long + "port", .drained))
        client.closeNotify()
        carry(client, server)
        #expect(text(server) == ("", .closed))
        // The other direction is still open.
        try server.write(ByteBuffer(string: "bye"))
        carry(server, client)
        #expect(text(client).0 == "bye")
    }

    @Test func aChangedByteIsFound() throws {
        let (client, server) = (try client(), try server())
        #expect(shake(client, server) == (.complete, .complete))
        try client.write(ByteBuffer(string: "transfer 100"))
        var record = try #require(client.takeOutbound())
        let last = record.writerIndex - 1
        record.setInteger(try #require(record.getInteger(at: last, as: UInt8.self)) ^ 1, at: last)
        server.receive(record)
        #expect(text(server) == ("", .failed(.library(["BAD_DECRYPT", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"]))))
        #expect(throws: TLSFailure.self) { try server.write(ByteBuffer(string: "anything")) }
    }

    /// Nobody's verdict is a no: the callback's default refuses.
    @Test func aChainThatIsNotAcceptedEndsTheHandshake() throws {
        let own = try authority.leaf("alice").credential()
        let refusing = try server(peer: .required)
        let outcome = shake(try client(credential: own), refusing)
        #expect(outcome.server == .failed(.library(["CERTIFICATE_VERIFY_FAILED"])))
        let accepting = try server(peer: .required, judge: { $0 == own.chain.map(\.der) })
        #expect(shake(try client(credential: own), accepting).server == .complete)
        #expect(accepting.peerCertificates.first == own.chain.first?.der)
    }

    @Test func aRequiredCertificateIsRequired() throws {
        let server = try server(peer: .required, judge: { _ in true })
        #expect(shake(try client(), server).server == .failed(.library(["PEER_DID_NOT_RETURN_A_CERTIFICATE"])))
        let optional = try self.server(peer: .optional, judge: { _ in true })
        #expect(shake(try client(), optional).server == .complete)
        #expect(optional.peerCertificates.isEmpty)
    }

    @Test func profilesHaveNothingInCommonWhereTheyShouldNot() throws {
        let classical = TLSSettings(minimum: .tls13, groups: [0x001D])
        let hybrid = TLSSettings(TLSProfile(base: .postQuantum))
        #expect(shake(try client(classical), try server(hybrid)).server == .failed(.library(["NO_SHARED_GROUP"])))
        let strong = TLSSettings(minimum: .tls13, groups: [0x0202])
        let server = try server(hybrid)
        #expect(shake(try client(strong), server).server == .complete)
        #expect(server.facts?.group == "MLKEM1024")
    }

    @Test func aKeyThatTheProfileHasNoAlgorithmForIsRefusedAtOnce() throws {
        let cnsa = TLSSettings(TLSProfile(base: .cnsa))
        #expect(throws: PKIError.self) {
            try TLSCredential(chain, algorithms: cnsa.signatureAlgorithms, source: "test")
        }
    }

    @Test(arguments: [[UInt8](repeating: 0, count: 100), Array("GET / HTTP/1.1\r\n\r\n".utf8), [22, 3, 1, 0xFF, 0xFF]])
    func garbageFailsAndDoesNotCrash(bytes: [UInt8]) throws {
        let server = try server()
        server.receive(ByteBuffer(bytes: bytes))
        if case .complete = server.handshake() { Issue.record("garbage is no handshake") }
    }

    @Test func anEngineThatIsDroppedInTheMiddleIsFreed() throws {
        weak var left: TLSEngine?
        do {
            let (client, server) = (try client(), try server())
            _ = client.handshake()
            carry(client, server)
            _ = server.handshake()
            left = server
        }
        #expect(left == nil)
    }
}
