import Logging
import NIOPosix
import SallyportModel
import SallyportPKI
import SallyportTelemetry
import Synchronization

/// Where spans are sent.
struct Collector: Sendable {
    let url: FetchURL
    let fields: [FetchField]
    let trust: FetchTrust
    /// Attributes of this process.
    let resource: [(name: String, value: String)]
    let version: String
}

/// Sends recorded requests to a collector, in batches, beside everything else: with a thread of its own, so that no
/// event loop encodes, encrypts or waits for it. What it cannot send it counts.
final class TraceExporter: Sendable {
    private let queue: SpanQueue
    private let logger: Logger
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    private struct State {
        var collector: Collector?
        var group: MultiThreadedEventLoopGroup?
        var work: Task<Void, Never>?
        var isStopping = false
        /// Seconds since 1970.
        var complainedAt: Int64 = 0
    }

    /// Requests in one message.
    private static let batch = 256
    private static let interval = Duration.seconds(1)
    /// A time that a collector asks for is kept up to here, seconds.
    private static let longestWait: Int64 = 60
    private static let farewell = Duration.seconds(2)
    private static let bounds = FetchBounds(total: .seconds(10), connect: .seconds(5), content: 64 << 10, redirects: 0)

    init(_ queue: SpanQueue, logger: Logger) {
        self.queue = queue
        self.logger = logger
        (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Spans go there from now on; nil: nowhere, and those that wait are lost.
    func adopt(_ collector: Collector?) {
        state.withLock { state in
            state.collector = collector
            guard collector != nil, state.work == nil, !state.isStopping else { return }
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            state.group = group
            state.work = Task { await self.run(HTTPFetcher(group: group)) }
        }
    }

    /// Does not wait for the next turn.
    func hurry() { ring.yield() }

    /// Sends what there is, once, and ends.
    func stop() async {
        let (work, group) = state.withLock { state in
            state.isStopping = true
            return (state.work, state.group)
        }
        guard let work, let group else { return }
        work.cancel()
        hurry()
        await work.value
        let last = Task { await flush(HTTPFetcher(group: group)) }
        let timer = Task {
            do { try await Task.sleep(for: Self.farewell) } catch { return }
            last.cancel()
        }
        await last.value
        timer.cancel()
        do { try await group.shutdownGracefully() } catch {
            logger.error("the exporter of traces did not end cleanly", metadata: ["error": "\(error)"])
        }
    }

    // MARK: sending

    private func run(_ fetcher: any DocumentFetcher) async {
        let clock = Task { [ring] in
            while !Task.isCancelled {
                do { try await Task.sleep(for: Self.interval) } catch { return }
                ring.yield()
            }
        }
        defer { clock.cancel() }
        for await _ in bell {
            while !Task.isCancelled, !queue.isEmpty { await send(queue.take(Self.batch), fetcher) }
            if Task.isCancelled { return }
        }
    }

    private func flush(_ fetcher: any DocumentFetcher) async {
        while !queue.isEmpty {
            let batch = queue.take(Self.batch)
            guard !Task.isCancelled, case .taken? = await attempt(batch, fetcher) else {
                queue.countLost(Self.spans(batch))
                continue
            }
        }
    }

    /// Until it is taken, refused, or given up.
    private func send(_ batch: [SpanRecord], _ fetcher: any DocumentFetcher) async {
        var pause = ExportPause()
        while !Task.isCancelled {
            guard case .later(let time)? = await attempt(batch, fetcher) else { return }
            guard var wait = pause.next(chance: .random(in: 0...1)) else { break }
            if let time { wait = max(wait, .seconds(min(time - UnixTime.seconds(), Self.longestWait))) }
            do { try await Task.sleep(for: wait) } catch { break }
        }
        queue.countLost(Self.spans(batch))
    }

    /// Counts what is decided. Nil: there is no collector any more, and the spans are lost.
    private func attempt(_ batch: [SpanRecord], _ fetcher: any DocumentFetcher) async -> ExportAnswer? {
        let spans = Self.spans(batch)
        guard let collector = state.withLock({ $0.collector }) else {
            queue.countLost(spans)
            return nil
        }
        let answer = await ask(collector, batch, fetcher)
        switch answer {
        case .taken(let rejected, let message):
            queue.countSent(spans - min(rejected, spans))
            queue.countLost(min(rejected, spans))
            if rejected > 0 { complain(.collectorRefuses, "\(rejected) of \(spans) spans rejected: \(message)") }
        case .later: break
        case .refused(let words):
            queue.countLost(spans)
            complain(.collectorRefuses, words)
        }
        return answer
    }

    private func ask(
        _ collector: Collector, _ batch: [SpanRecord], _ fetcher: any DocumentFetcher
    ) async -> ExportAnswer {
        var document = SpanDocument(resource: collector.resource, version: collector.version)
        for record in batch { document.append(record) }
        let request = FetchRequest(
            .post, collector.url, fields: collector.fields + [.contentType("application/json")], body: document.finish(),
            trust: collector.trust, bounds: Self.bounds)
        do throws(FetchFailure) {
            let answer = ExportAnswer(try await fetcher.fetch(request), at: UnixTime.seconds())
            if case .later = answer { complain(.collectorAway, "it says that it is busy") }
            return answer
        } catch {
            complain(.collectorAway, error.detail)
            return .later(nil)
        }
    }

    private static func spans(_ batch: [SpanRecord]) -> Int { batch.reduce(batch.count) { $0 + $1.attempts.count } }

    /// Once a minute at most.
    private func complain(_ reason: Reason, _ detail: String) {
        let now = UnixTime.seconds()
        let isDue = state.withLock { state in
            guard now - state.complainedAt >= 60, !state.isStopping else { return false }
            state.complainedAt = now
            return true
        }
        guard isDue else { return }
        logger.warning(
            "traces not taken",
            metadata: [
                "code": "\(reason.name)", "detail": "\(detail)", "lost": "\(queue.lostSpans)", "fix": "\(reason.fix)",
            ])
    }
}
