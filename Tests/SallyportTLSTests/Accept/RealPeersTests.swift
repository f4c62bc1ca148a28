import Foundation
import SallyportConfig
import SallyportModel
import Synchronization
import Testing
import X509

@testable import SallyportTLS

/// `openssl s_client`, curl and python as clients, over sockets.
@Suite(.serialized) struct RealPeersTests {
    private let world: TestWorld

    init() throws { world = try TestWorld() }

    // MARK: Let in

    @Test(arguments: ["-tls1_3", "-tls1_2"]) func aClientWithACertificateIsLetIn(version: String) async throws {
        let server = try await world.start()
        let alice = try world.presenting(try world.authority.leaf("alice"))
        let output = try await Program.sClient(port: server.port, alice + [version, "-alpn", "http/1.1"])
        let text = version == "-tls1_3" ? "TLSv1.3" : "TLSv1.2"
        #expect(output.contains("you are alice resumed=false \(text) alpn=http/1.1 sni=localhost"), "\(output)")
        #expect(try await server.events().count == 1)
        try await server.close()
    }

    @Test func namesOfTheCertificateAreServed() async throws {
        let server = try await world.start()
        let alice = try world.presenting(try world.authority.leaf("alice"))
        for name in [nil, "api.example.org", "a.wild.example", "API.example.org"] {
            let output = try await Program.sClient(port: server.port, alice, name: name)
            #expect(output.contains("sni=\(name?.lowercased() ?? "-")"), "\(output)")
        }
        try await server.close()
    }

    @Test func whereCertificatesAreOptionalBothAreLetIn() async throws {
        let server = try await world.start(mode: .optional)
        #expect(try await Program.sClient(port: server.port, []).contains("you are nobody"))
        let alice = try world.presenting(try world.authority.leaf("alice"))
        #expect(try await Program.sClient(port: server.port, alice).contains("you are alice"))
        let mallory = try world.presenting(try TestAuthority.selfSigned("alice"))
        #expect(try await !Program.sClient(port: server.port, mallory).contains("you are"))
        try await server.close()
    }

    @Test func whereNoCertificateIsAskedForNobodyHasAName() async throws {
        let server = try await world.start(mode: .none)
        let alice = try world.presenting(try world.authority.leaf("alice"))
        #expect(try await Program.sClient(port: server.port, alice).contains("you are nobody"))
        try await server.close()
    }

    // MARK: Refused for the certificate

    /// What the client presents, what is reported and which command is advised.
    private struct Case {
        let what: String
        let reason: Reason
        let fix: String?
        let leaf: TestAuthority.Leaf?
    }

    private func cases() throws -> [Case] {
        let authority = world.authority
        let stranger = try TestAuthority().leaf("bob")
        return [
            Case(what: "none", reason: .noClientCertificate, fix: nil, leaf: nil),
            Case(
                what: "expired", reason: .certificateExpired, fix: "sallyport cert renew bob",
                leaf: try authority.leaf("bob", life: -7200...(-3600))),
            Case(
                what: "not yet valid", reason: .certificateNotYetValid, fix: nil,
                leaf: try authority.leaf("bob", life: 3600...7200)),
            Case(
                what: "unknown issuer", reason: .certificateIssuerUnknown, fix: "sallyport cert client bob",
                leaf: TestAuthority.Leaf(chain: [stranger.chain[0]], key: stranger.key)),
            Case(
                what: "self-signed", reason: .certificateSelfSigned, fix: nil, leaf: try TestAuthority.selfSigned("bob")
            ),
            Case(
                what: "server certificate", reason: .certificateUsageForbidden, fix: nil,
                leaf: try authority.server(["bob.example.org"])),
            Case(
                what: "a hundred intermediates", reason: .certificateChainTooLarge, fix: nil,
                leaf: try authority.padded(try authority.leaf("bob"), with: 100)),
            Case(
                what: "no digital signature", reason: .certificateUsageForbidden, fix: nil,
                leaf: try authority.leaf("bob", digitalSignature: false)),
        ]
    }

    @Test(arguments: ["-tls1_3", "-tls1_2"]) func badCertificatesAreRefusedWithTheirCode(version: String) async throws {
        for test in try cases() {
            let server = try await world.start()
            let arguments = try test.leaf.map { try world.presenting($0) } ?? []
            let output = try await Program.sClient(port: server.port, arguments + [version])
            #expect(!output.contains("you are"), "\(test.what)")
            let refusal = try #require(try await server.refusal(), "\(test.what): \(output)")
            #expect(refusal.reason == test.reason, "\(test.what): \(refusal.line)")
            if let fix = test.fix { #expect(refusal.fix == fix, "\(test.what)") }
            #expect(refusal.sni == "localhost" && refusal.peer.hasPrefix("127.0.0.1:"), "\(test.what)")
            try await server.close()
        }
    }

    @Test func aRevokedCertificateIsRefused() async throws {
        let leaf = try world.authority.leaf("alice")
        let serial = leaf.chain[0].serialNumber.bytes.map {
            ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true)
        }
        let context = try world.context(revoked: ["clients": [serial.joined()]])
        let server = try await TestServer(context: { context })
        _ = try await Program.sClient(port: server.port, try world.presenting(leaf))
        #expect(try await server.refusal()?.reason == .certificateRevoked)
        try await server.close()
    }

    // MARK: Refused for the ClientHello

    @Test func foreignNamesAreRefusedWithAnAlert() async throws {
        let server = try await world.start()
        let output = try await Program.sClient(port: server.port, [], name: "evil.example")
        #expect(output.contains("alert number 112"), "\(output)")
        #expect(try await server.refusal()?.reason == .serverNameUnknown)
        try await server.close()
    }

    @Test func foreignProtocolsAreRefusedWithAnAlert() async throws {
        let server = try await world.start()
        let output = try await Program.sClient(port: server.port, ["-alpn", "h2"])
        #expect(output.contains("alert number 120"), "\(output)")
        let refusal = try #require(try await server.refusal())
        #expect(refusal.reason == .noCommonProtocol && refusal.detail.contains("h2"))
        try await server.close()
    }

    @Test(arguments: [
        (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], Reason.versionTooOld),
        (["-tls1_2", "-cipher", "AES128-SHA"], .noSharedCipherSuite),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"], .noSharedCipherSuite),
        (["-tls1_3", "-groups", "P-521"], .noSharedGroup),
    ])
    func weakClientsAreRefused(arguments: [String], reason: Reason) async throws {
        let server = try await world.start()
        _ = try await Program.sClient(port: server.port, arguments)
        let refusal = try #require(try await server.refusal())
        #expect(refusal.reason == reason, "\(refusal.line)")
        try await server.close()
    }

    @Test func modernMeansTLS13() async throws {
        let server = try await world.start(base: .modern)
        _ = try await Program.sClient(port: server.port, ["-tls1_2"])
        #expect(try await server.refusal()?.reason == .versionTooOld)
        try await server.close()
    }

    @Test func aClientThatDoesNotTrustUsSaysSo() async throws {
        let server = try await world.start()
        let stranger = try TestAuthority(name: "Other")
        let file = try world.write("other.pem", TestAuthority.Leaf(chain: [stranger.root], key: world.server.key).pem)
        _ = try await Program.sClient(port: server.port, ["-CAfile", file, "-verify_return_error"])
        let refusal = try #require(try await server.refusal())
        #expect(refusal.reason == .clientDoesNotTrustUs, "\(refusal.line)")
        try await server.close()
    }

    // MARK: Not TLS

    @Test func plainHTTPIsAnswered() async throws {
        let server = try await world.start()
        let output = try await Program.run(
            [
                "curl", "-s", "-i", "--max-time", "5", "-d", String(repeating: "x", count: 9000),
                "http://127.0.0.1:\(server.port)/",
            ])
        #expect(output.hasPrefix("HTTP/1.1 400") && output.contains("\"code\":\"SP2020\""), "\(output)")
        #expect(try await server.refusal()?.reason == .plainHTTP)
        try await server.close()
    }

    // MARK: Resumption

    /// Two connections of python's ssl module, the second with the session of the first. It prints both answers.
    private static let resume = """
        import socket, ssl, sys
        port, root, cert, key, version = int(sys.argv[1]), *sys.argv[2:6]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(root)
        context.load_cert_chain(cert, key)
        context.maximum_version = ssl.TLSVersion.TLSv1_3 if version == "1.3" else ssl.TLSVersion.TLSv1_2
        def connect(session):
            try:
                with socket.create_connection(("127.0.0.1", port), 5) as plain:
                    with context.wrap_socket(plain, server_hostname="localhost", session=session) as tls:
                        tls.sendall(b"GET /\\n")
                        print(tls.recv(500).decode().strip() or "closed", "reused", tls.session_reused, flush=True)
                        return tls.session
            except OSError as error:
                print("failed", type(error).__name__, flush=True)
        session = connect(None)
        sys.stdin.readline()
        connect(session)
        """

    private func resume(
        _ leaf: TestAuthority.Leaf, server: TestServer, version: String, between: () throws -> Void
    ) async throws -> [Substring] {
        let script = try world.write("resume.py", Self.resume)
        let cert = try world.write("r.pem", leaf.pem)
        let key = try world.write("r.key", leaf.keyPEM)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script, "\(server.port)", world.folder + "/root.pem", cert, key, version]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        _ = try await server.events(1)
        try between()
        input.fileHandleForWriting.write(Data("\n".utf8))
        let text = Task.detached { String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
        return await text.value.split(separator: "\n")
    }

    @Test(arguments: ["1.3", "1.2"]) func aResumedSessionKeepsItsIdentity(version: String) async throws {
        let server = try await world.start()
        let lines = try await resume(try world.authority.leaf("alice"), server: server, version: version) {}
        #expect(lines.count == 2 && lines[0].contains("alice resumed=false"), "\(lines)")
        #expect(lines.count == 2 && lines[1].contains("alice resumed=true") && lines[1].hasSuffix("True"), "\(lines)")
        try await server.close()
    }

    @Test(arguments: ["1.3", "1.2"]) func aResumedSessionEndsWithItsCertificate(version: String) async throws {
        let server = try await world.start()
        let leaf = try world.authority.leaf("alice", life: -3600...600)
        let lines = try await resume(leaf, server: server, version: version) { world.shift.withLock { $0 = 700 } }
        #expect(lines.count == 2 && lines[0].contains("you are alice") && !lines[1].contains("you are"), "\(lines)")
        let events = try await server.events(2)
        guard events.count == 2, case .refused(let refusal) = events[1] else {
            Issue.record("\(events)")
            return
        }
        #expect(refusal.reason == .certificateExpired && refusal.detail.contains("resumed"), "\(refusal.line)")
        #expect(refusal.subject?.contains("alice") == true)
        try await server.close()
    }

    /// A new generation in which the certificate is revoked: tickets of the old one mean nothing to it.
    @Test(arguments: ["1.3", "1.2"]) func anotherGenerationDoesNotResume(version: String) async throws {
        let leaf = try world.authority.leaf("alice")
        let serial = leaf.chain[0].serialNumber.bytes.map {
            ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true)
        }
        let current = Generation(try world.context())
        let next = try world.context(revoked: ["clients": [serial.joined()]])
        let server = try await TestServer(context: { current.context })
        let lines = try await resume(leaf, server: server, version: version) { current.replace(next) }
        #expect(lines.count == 2 && lines[0].contains("you are alice") && !lines[1].contains("you are"), "\(lines)")
        let events = try await server.events(2)
        guard events.count == 2, case .refused(let refusal) = events[1] else {
            Issue.record("\(events)")
            return
        }
        #expect(refusal.reason == .certificateRevoked, "\(refusal.line)")
        try await server.close()
    }
}
