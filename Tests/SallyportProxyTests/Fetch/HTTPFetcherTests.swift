import NIOCore
import NIOPosix
import SallyportModel
import SallyportPKI
import Testing

@testable import SallyportProxy

@Suite struct HTTPFetcherTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    /// Runs a fetch against a server on loopback that says this to every request; nil: nothing at all.
    private func fetch(
        from reply: String?, bounds: FetchBounds = FetchBounds(), path: String = "/",
        _ body: (HTTPFetcher, FetchRequest) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(reply: reply))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let url = try #require(FetchURL("http://127.0.0.1:\(port)\(path)"))
        do {
            try await body(HTTPFetcher(group: group), FetchRequest(.get, url, bounds: bounds))
        } catch {
            try await server.close().get()
            throw error
        }
        try await server.close().get()
    }

    private func failure(from reply: String?, bounds: FetchBounds = FetchBounds()) async throws -> Reason? {
        var reason: Reason?
        try await fetch(from: reply, bounds: bounds) { fetcher, request in
            do throws(FetchFailure) { _ = try await fetcher.fetch(request) } catch { reason = error.reason }
        }
        return reason
    }

    @Test func anAnswerComesBack() async throws {
        try await fetch(from: Self.ok) { fetcher, request in
            let response = try await fetcher.fetch(request)
            #expect(response.status == 200 && response.body == Array("hello".utf8))
        }
    }

    @Test func manyAtOnce() async throws {
        try await fetch(from: Self.ok) { fetcher, request in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { try await fetcher.fetch(request).status } }
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    @Test func redirectsEnd() async throws {
        #expect(try await failure(from: "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n") == .fetchRedirectRefused)
    }

    @Test func silenceEnds() async throws {
        #expect(try await failure(from: nil, bounds: FetchBounds(total: .milliseconds(50))) == .fetchTimedOut)
        #expect(try await failure(from: "HTTP/1.1 200 OK\r\n", bounds: FetchBounds(total: .milliseconds(50))) == .fetchTimedOut)
    }

    @Test func tooMuchEnds() async throws {
        #expect(try await failure(from: Self.ok, bounds: FetchBounds(content: 4)) == .fetchTooLarge)
    }

    @Test func nobodyListens() async throws {
        var request: FetchRequest?
        try await fetch(from: nil) { request = $1 }
        let wanted = try #require(request)
        let fetcher = HTTPFetcher(group: MultiThreadedEventLoopGroup.singleton)
        let error = await #expect(throws: FetchFailure.self) { try await fetcher.fetch(wanted) }
        #expect(error?.reason == .fetchUnreachable)
    }

    @Test func aPlainServerSpeaksNoTLS() async throws {
        try await fetch(from: Self.ok) { fetcher, request in
            var secure = request
            secure.url = try #require(FetchURL("https://127.0.0.1:\(request.url.port)/"))
            let error = await #expect(throws: FetchFailure.self) { try await fetcher.fetch(secure) }
            #expect(error?.reason == .fetchTLSFailed)
        }
    }

    /// No anchors is not the same as the system's.
    @Test func trustInNobodyIsRefused() async throws {
        try await fetch(from: Self.ok) { fetcher, request in
            var secure = request
            secure.url = try #require(FetchURL("https://127.0.0.1:\(request.url.port)/"))
            secure.trust = .anchors([])
            let error = await #expect(throws: FetchFailure.self) { try await fetcher.fetch(secure) }
            #expect(error?.detail.contains("no authority") == true)
        }
    }

    @Test func whoeverGivesUpWaitsNoLonger() async throws {
        try await fetch(from: nil, bounds: FetchBounds(total: .seconds(3600))) { fetcher, request in
            let task = Task { try await fetcher.fetch(request) }
            task.cancel()
            let error = await #expect(throws: FetchFailure.self) { try await task.value }
            #expect(error?.reason == .fetchCancelled)
        }
    }
}

/// Answers whatever comes with the same bytes.
private final class Answering: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let reply: String?

    init(reply: String?) { self.reply = reply }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let reply else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: reply)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
