import SallyportConfig
import SallyportTelemetry
import Synchronization

/// What the process counts and records about its requests, over all loops and generations.
final class GatewayTelemetry: Sendable {
    let families = GatewayFamilies()
    /// By worker.
    let active: [ActiveRequests]
    /// Requests that are to be exported.
    let spans = SpanQueue()
    let rates = RequestRates()
    let reloads = ReloadCounts()
    private let spansWaiting = Mutex<(@Sendable () -> Void)?>(nil)

    init(workers: Int = 1) {
        active = (0..<max(1, workers)).map { _ in ActiveRequests() }
    }

    /// Called when so many spans wait that the exporter should not wait any longer.
    func onManySpans(_ call: @escaping @Sendable () -> Void) { spansWaiting.withLock { $0 = call } }

    func export(_ record: consuming SpanRecord) {
        if spans.append(record) { spansWaiting.withLock { $0 }?() }
    }

    /// A configuration is in service.
    func adopt(_ generation: Generation) {
        let configuration = generation.configuration
        families.budget.adopt(limit: configuration.metrics?.series ?? 10_000)
        families.keep(
            routes: Set(configuration.routes.map(\.name)), upstreams: Set(generation.upstreams.keys),
            listeners: Set(generation.tls.keys))
    }
}

/// Requests of each of the last seconds, for people who look.
final class RequestRates: Sendable {
    /// Seconds that are kept.
    static let length = 60

    private let state = Mutex((seconds: [Int](), total: 0))

    /// To be called once a second with the number of requests since the start.
    func note(total: Int) {
        state.withLock { state in
            state.seconds.append(max(0, total - state.total))
            state.total = total
            if state.seconds.count > Self.length { state.seconds.removeFirst() }
        }
    }

    /// The oldest first.
    var seconds: [Int] { state.withLock { $0.seconds } }
}

/// Attempts to load a configuration since the start.
final class ReloadCounts: Sendable {
    private let good = Atomic<UInt64>(0)
    private let bad = Atomic<UInt64>(0)

    func count(isLoaded: Bool) {
        if isLoaded { good.add(1, ordering: .relaxed) } else { bad.add(1, ordering: .relaxed) }
    }

    var loaded: UInt64 { good.load(ordering: .relaxed) }
    var refused: UInt64 { bad.load(ordering: .relaxed) }
}

/// How a generation traces requests.
struct TracingPlan: Sendable {
    let sampler: TraceSampler
    /// Identities whose trace context is followed.
    let callers: Set<String>

    init(_ settings: TraceSettings) {
        sampler = TraceSampler(basisPoints: settings.sample.basisPoints)
        callers = Set(settings.callers)
    }
}
