import SallyportTelemetry
import Synchronization

/// What is answered on the metrics listener: `/metrics`, `/healthz` and `/readyz`. To everybody who reaches it.
final class MetricsEndpoint: Sendable {
    /// The name of its listener; `:` can't stand in a name of the file.
    static let listenerName = "sallyport:metrics"
    /// Connections at a time; the rest of the operators' places is left to admins.
    static let mostConnections = 32

    typealias Scrape = @Sendable (MetricsFormat) async -> [UInt8]
    typealias Checks = @Sendable () async -> [HealthCheckResult]

    private struct Sources {
        var scrape: Scrape = { _ in [] }
        var alive: Checks = { [] }
        var ready: Checks = { [] }
    }

    private let sources = Mutex(Sources())
    private let open = Atomic<Int>(0)
    private let desk = ScrapeDesk()

    func show(scrape: @escaping Scrape, alive: @escaping Checks, ready: @escaping Checks) {
        sources.withLock { $0 = Sources(scrape: scrape, alive: alive, ready: ready) }
    }

    /// False: too many are there. Who is let in calls `left`.
    func entered() -> Bool {
        if open.add(1, ordering: .relaxed).newValue <= Self.mostConnections { return true }
        open.subtract(1, ordering: .relaxed)
        return false
    }

    func left() { open.subtract(1, ordering: .relaxed) }

    struct Answer: Sendable {
        var status: UInt16 = 200
        var contentType = "text/plain; charset=utf-8"
        var body: [UInt8]
    }

    /// Nil: there is nothing of this name.
    func answer(path: String, isVerbose: Bool, accept: [String]) async -> Answer? {
        let sources = sources.withLock { $0 }
        switch path {
        case "/metrics":
            let format = MetricsFormat(accept: accept)
            return Answer(contentType: format.contentType, body: await desk.scrape(format, sources.scrape))
        case "/healthz": return Self.answer(await sources.alive(), isVerbose, "ok", "not alive")
        case "/readyz": return Self.answer(await sources.ready(), isVerbose, "ready", "not ready")
        default: return nil
        }
    }

    private static func answer(
        _ checks: [HealthCheckResult], _ isVerbose: Bool, _ good: String, _ bad: String
    ) -> Answer {
        let isGood = checks.allSatisfy { $0.state != .failed }
        var text = isGood ? good : bad
        if isVerbose { text = checks.map(\.line).joined(separator: "\n") + "\n" + text }
        return Answer(status: isGood ? 200 : 503, body: Array((text + "\n").utf8))
    }
}

/// One scrape at a time: whoever asks often waits, and the gateway does not.
private actor ScrapeDesk {
    private var newest: Task<[UInt8], Never>?

    func scrape(_ format: MetricsFormat, _ work: @escaping MetricsEndpoint.Scrape) async -> [UInt8] {
        let before = newest
        let task = Task {
            _ = await before?.value
            return await work(format)
        }
        newest = task
        return await task.value
    }
}

/// One of the things that have to be well for the gateway to be.
struct HealthCheckResult: Sendable {
    enum State: Sendable { case good, doubtful, failed }

    var name: String
    var state: State
    /// In words.
    var detail: String

    /// `[+] listeners: 2 open`
    var line: String {
        let mark =
            switch state {
            case .good: "+"
            case .doubtful: "!"
            case .failed: "-"
            }
        return "[\(mark)] \(name): \(detail)"
    }
}
