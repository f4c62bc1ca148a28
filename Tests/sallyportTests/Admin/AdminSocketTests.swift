import Foundation
import Glibc
import NIOCore
import NIOPosix
import SallyportPKI
import Testing

@testable import sallyport

@Suite struct AdminSocketTests {
    /// Runs a server that answers every request with its command's name.
    private func withServer(_ body: @escaping @Sendable (StateDirectory) throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: directory.path)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try await AdminServer.start(in: state, on: group) {
            close($0)
        } _: { request in
            AdminReply(.failed, text: request.command.rawValue, messages: String(repeating: "x", count: 100_000))
        }
        try server.publish()
        try await Self.onOwnThread { try body(state) }
        await server.stop(isReplaced: false)
        #expect(!FileManager.default.fileExists(atPath: state.adminSocket))
        try await group.shutdownGracefully()
    }

    /// The client waits in system calls; the server's tasks need the threads that it would block.
    private static func onOwnThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }

    @Test func everyCommandIsAnswered() async throws {
        try await withServer { state in
            for command in AdminRequest.Command.allCases where command != .stop && command != .handover {
                let reply = try AdminClient(state: state).ask(command)
                #expect(reply.text == command.rawValue)
                #expect(reply.status == 1)
                #expect(reply.messages.count == 100_000)
            }
        }
    }

    @Test func theSocketIsPrivate() async throws {
        try await withServer { state in
            let mode = try FileManager.default.attributesOfItem(atPath: state.adminSocket)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func garbageIsNotAnswered() async throws {
        try await withServer { state in
            for text in [
                "{}\n", "[[[[[[\n", "\u{0}\n", String(repeating: "x", count: 5000),
                String(repeating: "[", count: 5000) + "\n",
            ] {
                let reply = try Self.send(text, to: state.adminSocket)
                #expect(reply.isEmpty || reply.contains("does not know this request"), "\(text.prefix(10))")
            }
            #expect(try AdminClient(state: state).ask(.status).text == "status")
        }
    }

    @Test func withoutAGatewayTheErrorSaysHowToStartOne() throws {
        let directory = try TemporaryDirectory()
        let client = AdminClient(state: StateDirectory(path: directory.path))
        #expect {
            _ = try client.ask(.status)
        } throws: { error in
            (error as? CommandFailure)?.fix?.contains("sallyport run") ?? false
        }
        #expect(try client.tell(.revoked) == nil)
    }

    @Test func aPathThatIsTooLongIsRefusedInWords() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let state = StateDirectory(path: "/tmp/" + String(repeating: "x", count: 120))
        await #expect(throws: CommandFailure.self) {
            _ = try await AdminServer.start(in: state, on: group) {
                close($0)
            } _: { _ in
                AdminReply()
            }
        }
        try await group.shutdownGracefully()
    }

    /// Sends raw text and reads until the other side closes.
    private static func send(_ text: String, to path: String) throws -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let address = try #require(ServiceManager.address(of: path))
        let connected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(connected == 0)
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += part[..<count]
        }
    }
}
