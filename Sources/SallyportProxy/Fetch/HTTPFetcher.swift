import Glibc
import NIOCore
import NIOPosix
import SallyportModel
import SallyportPKI
import SallyportTLS

/// Fetches over the network: HTTP/1.1 by our own parser, TLS by the settings of upstreams, one connection per request.
package struct HTTPFetcher: DocumentFetcher {
    private let group: any EventLoopGroup

    /// - Parameter group: whose loops the connections live on; it outlives every fetch.
    package init(group: any EventLoopGroup) {
        self.group = group
    }

    package func fetch(_ request: FetchRequest) async throws(FetchFailure) -> FetchResponse {
        let deadline = NIODeadline.now() + TimeAmount(request.bounds.total)
        var walk = RedirectWalk(request)
        while true {
            let answer = try await ask(request, walk, deadline)
            if case .done = try walk.next(after: answer.response, from: answer.address) { return answer.response }
        }
    }

    /// One connection, one answer, or the reason why there is none when the deadline has come.
    private func ask(
        _ request: FetchRequest, _ walk: RedirectWalk, _ deadline: NIODeadline
    ) async throws(FetchFailure) -> FetchAnswer {
        let url = walk.url
        let context = url.scheme == .https ? try FetchTLS.context(for: url, trust: request.trust) : nil
        let loop = group.next()
        let attempt = FetchAttempt(
            request: request, walk: walk, tls: context, loop: loop,
            promise: loop.makePromise(of: FetchConnection.Outcome.self))
        let outcome = await withTaskCancellationHandler {
            loop.execute { attempt.begin(until: deadline) }
            do {
                return try await attempt.promise.futureResult.get()
            } catch {
                // Only a loop that is shut down fails the promise.
                return .failure(FetchFailure(.fetchCancelled, url, "the gateway stops"))
            }
        } onCancel: {
            attempt.promise.succeed(.failure(FetchFailure(.fetchCancelled, url, "nobody waits for it any more")))
        }
        return try outcome.get()
    }
}

/// The way of one connection from nothing to the answer. `promise` is kept exactly once; whatever comes later is
/// without effect and closes what it opened.
private struct FetchAttempt: Sendable {
    let request: FetchRequest
    let walk: RedirectWalk
    let tls: UpstreamTLSContext?
    let loop: any EventLoop
    let promise: EventLoopPromise<FetchConnection.Outcome>

    private var url: FetchURL { walk.url }

    /// On the loop.
    func begin(until deadline: NIODeadline) {
        let now = NIODeadline.now()
        let toConnect = min(deadline, now + TimeAmount(request.bounds.connect))
        let timer = timer(at: deadline, "the whole answer took longer than \(request.bounds.total)")
        let channel = ClientBootstrap(group: loop)
            .connectTimeout(max(.milliseconds(1), toConnect - now))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .connect(host: url.host, port: Int(url.port))
        channel.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel): take(channel, until: toConnect)
            case .failure(let error): fail(connecting: error)
            }
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
    }

    private func timer(at deadline: NIODeadline, _ words: String) -> Scheduled<Void> {
        loop.scheduleTask(deadline: deadline) { finish(FetchFailure(.fetchTimedOut, url, words)) }
    }

    private func take(_ channel: any Channel, until toConnect: NIODeadline) {
        promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        let address = channel.remoteAddress?.ipAddress ?? ""
        guard walk.admits(address: address) else {
            return finish(FetchFailure(.fetchRedirectRefused, url, "it leads to \(address), from an address further out"))
        }
        do {
            try addHandlers(channel, address: address, until: toConnect)
        } catch let failure as FetchFailure {
            finish(failure)
        } catch {
            finish(FetchFailure(.fetchUnreachable, url, "\(error)"))
        }
    }

    private func addHandlers(_ channel: any Channel, address: String, until toConnect: NIODeadline) throws {
        let pipeline = channel.pipeline.syncOperations
        guard let tls else {
            return try pipeline.addHandler(
                FetchConnection(request, to: url, isSecured: false, address: address, promise: promise))
        }
        let timer = timer(at: toConnect, "TLS took longer than \(request.bounds.connect)")
        let connection = FetchConnection(
            request, to: url, isSecured: true, address: address, promise: promise, ready: { timer.cancel() })
        // The handshake begins when its handler is added, so the connection is there first.
        try pipeline.addHandler(connection)
        try pipeline.addHandler(FetchTLS.handler(tls, url, done: connection.handshakeEnded), position: .first)
    }

    private func finish(_ failure: FetchFailure) { promise.succeed(.failure(failure)) }

    private func fail(connecting error: any Error) {
        switch error {
        case ChannelError.connectTimeout:
            finish(FetchFailure(.fetchTimedOut, url, "no connection within \(request.bounds.connect)"))
        case let error as NIOConnectionError:
            let words =
                error.connectionErrors.isEmpty
                ? "the name \(url.host) cannot be resolved" : Self.words(error.connectionErrors[0].error)
            finish(FetchFailure(.fetchUnreachable, url, words))
        default:
            finish(FetchFailure(.fetchUnreachable, url, Self.words(error)))
        }
    }

    /// The system's words, without the library's around them.
    private static func words(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }
}
