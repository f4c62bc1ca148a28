import Logging
import SallyportConfig
import SallyportModel
import SallyportPKI
import Synchronization

/// Keeps what is known about withdrawn certificates up to date for as long as the gateway runs, across generations.
///
/// It owns the feed that handshakes look at. Whatever it learns it publishes as a new view and then says so, so that
/// open connections are looked at again. A source that fails keeps its last good lists.
final class RevocationKeeper: Sendable {
    let feed = RevocationFeed()
    let answers = StatusAnswers()
    let stored: StoredLists
    let logger: Logger
    private let directory: StateDirectory
    private let state = Mutex(State())
    let lists = Bell()
    let questions = Bell()

    private struct State {
        var plan = RevocationPlan.nothing
        var sources: [ListSource: SourceState] = [:]
        var changed: (@Sendable () -> Void)?
    }

    /// What is known of one source.
    struct SourceState: Sendable {
        var lists: [CertificateList] = []
        var mark: FileMark?
        var problem: RevocationFault?
        var failures = 0
        /// Seconds since 1970.
        var nextLook: Int64
    }

    init(directory: StateDirectory, logger: Logger) {
        self.directory = directory
        self.logger = logger
        stored = StoredLists(directory)
        answers.onQuestion { [questions] in questions.ring() }
    }

    /// Told, on any thread, that connections have to be looked at again.
    func onChange(_ changed: @escaping @Sendable () -> Void) { state.withLock { $0.changed = changed } }

    /// The lists in use.
    var held: [ListSource: [CertificateList]] { state.withLock { $0.sources.mapValues(\.lists) } }

    // MARK: plans

    /// Puts the plan of a generation into service.
    func adopt(_ plan: RevocationPlan, at now: Int64 = UnixTime.seconds()) {
        let stored = storedLists(for: plan)
        change { state in
            var sources: [ListSource: SourceState] = [:]
            for (name, status) in plan.authorities {
                for source in ListSource.all(of: name, status) {
                    var known = state.sources[source] ?? SourceState(lists: stored[source] ?? [], nextLook: now)
                    if let fresh = plan.lists[source] {
                        known = SourceState(
                            lists: fresh, mark: plan.marks[source],
                            nextLook: ListSchedule.next(
                                after: fresh, from: source.location, refresh: status.refresh, at: now))
                    }
                    sources[source] = known
                }
            }
            state.sources = sources
            state.plan = plan
        }
        lists.ring()
    }

    /// Answers of earlier runs for the URLs that nothing is known of yet.
    private func storedLists(for plan: RevocationPlan) -> [ListSource: [CertificateList]] {
        let known = held
        var found: [ListSource: [CertificateList]] = [:]
        for (name, status) in plan.authorities {
            for source in ListSource.all(of: name, status) where known[source] == nil {
                guard case .url(let url) = source.location else { continue }
                do throws(PKIError) {
                    let lists = try stored.lists(url: url) ?? []
                    for list in lists { try accept(list, plan.anchors[name] ?? [], url) }
                    found[source] = lists
                } catch {
                    logger.warning("stored revocation list not used", metadata: ["authority": "\(name)", "error": "\(error)"])
                }
            }
        }
        return found
    }

    private func accept(_ list: CertificateList, _ anchors: [TrustAnchor], _ url: String) throws(PKIError) {
        do throws(RevocationFault) {
            try ListAcceptance.check(list, replacing: [], anchors: anchors)
        } catch {
            throw PKIError(error.reason, url, error.detail)
        }
    }

    /// Reads the built-in authority's registry and the deny list again. What the operator's files said stays.
    func refreshOwnRecords() throws(PKIError) {
        let local = state.withLock { $0.plan.local }
        let own = try RevocationPlan.ownRecords(local, directory)
        change { state in
            state.plan.withdrawn = own.withdrawn
            state.plan.denied = own.denied
        }
    }

    // MARK: sources

    /// Sources whose time has come; each of them is reported with `succeeded`, `unchanged` or `failed`.
    func due(at now: Int64) -> [DueSource] {
        state.withLock { state in
            state.sources.compactMap { source, known in
                guard known.nextLook <= now else { return nil }
                // Not taken twice while the answer is under way.
                state.sources[source]?.nextLook = now + 600
                return DueSource(
                    source: source, known: known, anchors: state.plan.anchors[source.authority] ?? [],
                    refresh: state.plan.authorities[source.authority]?.refresh)
            }
        }
    }

    func succeeded(_ due: DueSource, _ lists: [CertificateList], mark: FileMark?, at now: Int64) {
        change { state in
            guard state.sources[due.source] != nil else { return }
            state.sources[due.source] = SourceState(
                lists: lists, mark: mark,
                nextLook: ListSchedule.next(after: lists, from: due.source.location, refresh: due.refresh, at: now))
        }
        for list in lists {
            logger.info(
                "revocation list in use",
                metadata: [
                    "authority": "\(due.source.authority)", "source": "\(due.source.location.text)",
                    "list": "\(list.title)", "entries": "\(list.count)",
                ])
        }
    }

    func unchanged(_ due: DueSource, at now: Int64) {
        state.withLock { state in
            state.sources[due.source]?.nextLook = ListSchedule.next(
                after: due.known.lists, from: due.source.location, refresh: due.refresh, at: now)
        }
    }

    /// Said once for each new problem, so that a server that stays away does not fill the log.
    func failed(_ due: DueSource, _ fault: RevocationFault, mark: FileMark?, at now: Int64) {
        let isNews = state.withLock { state in
            guard var known = state.sources[due.source] else { return false }
            let isNews = known.problem != fault
            known.problem = fault
            known.failures += 1
            known.mark = mark
            known.nextLook = ListSchedule.retry(after: known.failures, from: due.source.location, at: now)
            state.sources[due.source] = known
            return isNews
        }
        guard isNews else { return }
        logger.warning(
            "revocation list not taken",
            metadata: [
                "code": "\(fault.reason.name)", "detail": "\(fault.detail)", "authority": "\(due.source.authority)",
                "source": "\(due.source.location.text)",
                "outcome": due.known.lists.isEmpty ? "no list is in use" : "the last good list stays in use",
            ])
    }

    // MARK: views

    /// Publishes what is known as a new view and has open connections looked at.
    func publish() { change { _ in } }

    /// Has open connections looked at: time alone makes lists and answers invalid.
    func lookAgain() { state.withLock { $0.changed }?() }

    private func change(_ body: (inout State) -> Void) {
        let changed = state.withLock { state in
            body(&state)
            // Inside of the lock, so that a later state is never followed by an earlier view.
            feed.publish(Self.view(of: state, answers: answers))
            return state.changed
        }
        changed?()
    }

    private static func view(of state: State, answers: StatusAnswers) -> RevocationView {
        var lists: [String: [(list: CertificateList, source: String)]] = [:]
        for (source, known) in state.sources {
            lists[source.authority, default: []] += known.lists.map { ($0, source.location.text) }
        }
        return RevocationView(
            withdrawn: [Builtin.authority: state.plan.withdrawn], denied: state.plan.denied,
            policies: state.plan.authorities.compactMapValues(RevocationPolicy.init), lists: lists, answers: answers)
    }

    // MARK: status

    func status(at now: Int64 = UnixTime.seconds()) -> RevocationStatus {
        let (plan, sources) = state.withLock { ($0.plan, $0.sources) }
        let rows = sources.map { source, known in
            let age = plan.authorities[source.authority]?.maximumAge?.components.seconds
            let stale = known.lists.lazy.compactMap { ListAcceptance.staleness(of: $0, at: now, maximumAge: age) }.first
            return RevocationStatus.Source(
                authority: source.authority, location: source.location.text,
                lists: known.lists.map {
                    .init(title: $0.title, entries: $0.count, thisUpdate: $0.thisUpdate, nextUpdate: $0.nextUpdate)
                },
                problem: (known.problem ?? stale).map(\.description), nextLook: known.nextLook)
        }
        return RevocationStatus(
            sources: rows.sorted { ($0.authority, $0.location) < ($1.authority, $1.location) },
            denied: plan.denied.entries.count)
    }
}

/// A source that is to be looked at, with what was known of it.
struct DueSource: Sendable {
    let source: ListSource
    let known: RevocationKeeper.SourceState
    let anchors: [TrustAnchor]
    let refresh: Duration?
}

/// Wakes one task; rung several times before it looks, it wakes it once.
struct Bell: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func ring() { continuation.yield() }
}
