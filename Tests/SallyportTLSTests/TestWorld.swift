import Foundation
import NIOCore
import SallyportConfig
import SallyportModel
import SallyportPKI
import Synchronization

@testable import SallyportTLS

/// An authority, a server certificate and files for clients, in a folder of their own that goes away with it.
final class TestWorld: Sendable {
    let authority: TestAuthority
    let server: TestAuthority.Leaf
    let folder: String
    /// Added to the time of day that contexts see, seconds.
    let shift = Mutex<Int64>(0)

    init() throws {
        authority = try TestAuthority()
        server = try authority.server(["localhost", "api.example.org", "*.wild.example"])
        folder = NSTemporaryDirectory() + "sallyport-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try write("root.pem", TestAuthority.Leaf(chain: [authority.root], key: server.key).pem)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("left behind: \(folder)") }
    }

    func context(
        base: TLSProfile.Base = .intermediate, mode: ClientCertificates.Mode = .require,
        revoked: [String: Set<String>] = [:], feed: RevocationFeed? = nil,
        rules: [IdentityRule] = [IdentityRule(name: "alice", commonName: "alice")]
    ) throws -> ServerTLSContext {
        try ServerTLSContext(
            profile: TLSProfile(base: base, clientCertificates: ClientCertificates(mode: mode, trust: ["clients"])),
            credentials: [try server.credential()], source: "test.pem",
            clients: ClientTrust(
                anchors: try authority.anchors,
                revocation: feed ?? RevocationFeed(RevocationView(withdrawn: revoked)), maxDepth: 3,
                rules: IdentityRules(rules)),
            clock: { [self] in UnixTime.seconds() + shift.withLock { $0 } })
    }

    func start(
        base: TLSProfile.Base = .intermediate, mode: ClientCertificates.Mode = .require,
        deadline: TimeAmount = .seconds(5)
    ) async throws -> TestServer {
        let context = try context(base: base, mode: mode)
        return try await TestServer(context: { context }, deadline: deadline)
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        return folder + "/" + name
    }

    /// Arguments with which `openssl s_client` presents this certificate.
    func presenting(_ leaf: TestAuthority.Leaf) throws -> [String] {
        let name = UUID().uuidString
        let rest = TestAuthority.Leaf(chain: Array(leaf.chain.dropFirst()), key: leaf.key)
        return [
            "-cert", try write(name + ".pem", leaf.pem), "-key", try write(name + ".key", leaf.keyPEM),
        ] + (rest.chain.isEmpty ? [] : ["-cert_chain", try write(name + ".chain", rest.pem)])
    }
}

/// Runs a program and collects what it prints; standard error goes to the same text.
enum Program {
    /// - Parameter input: what stands on its standard input, which then stays open for `keepOpen` seconds.
    static func run(_ arguments: [String], input: String = "", keepOpen: Double = 0) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        let standardInput = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = standardInput
        try process.run()
        standardInput.fileHandleForWriting.write(Data(input.utf8))
        let text = Task.detached { String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
        if keepOpen > 0 { try await Task.sleep(for: .seconds(keepOpen)) }
        try standardInput.fileHandleForWriting.close()
        return await text.value
    }

    /// `openssl s_client` against this port of loopback, asking for the server name `localhost`.
    static func sClient(port: Int, _ arguments: [String], name: String? = "localhost") async throws -> String {
        let sni = name.map { ["-servername", $0] } ?? ["-noservername"]
        return try await run(
            ["timeout", "10", "openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-ign_eof"] + sni + arguments,
            input: "GET /\n", keepOpen: 0.05)
    }
}

/// The context that new connections get.
final class Generation: Sendable {
    private let current: Mutex<ServerTLSContext>

    init(_ context: ServerTLSContext) { current = Mutex(context) }

    var context: ServerTLSContext { current.withLock { $0 } }

    func replace(_ context: ServerTLSContext) { current.withLock { $0 = context } }
}
