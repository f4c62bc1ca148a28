import Dispatch
import SallyportModel
import Synchronization

/// Hands writes to a store from a thread of its own, many in one transaction.
///
/// What nobody waits for is written after `Bounds.pause` at the latest, what somebody waits for at once. The queue is
/// bounded: when it is full it takes nothing, and says so. Nothing that it took is dropped while the process lives: what
/// a failing store does not take is tried again, and only those who wait are told of the failure.
package final class CommitQueue: Sendable {
    package struct Bounds: Sendable {
        /// Jobs that wait.
        package var capacity = 8192
        /// Jobs in one transaction.
        package var group = 256
        package var pause = DispatchTimeInterval.milliseconds(10)
        /// After a failure, until the next attempt.
        package var retry = DispatchTimeInterval.seconds(1)

        package init() {}
    }

    package typealias Commit = @Sendable ([StoreWrite]) throws(StoreError) -> [StoreReceipt]
    package typealias Completion = @Sendable (Result<[StoreReceipt], StoreError>) -> Void

    private struct Job {
        var writes: [StoreWrite]
        var completion: Completion?
    }

    private struct State {
        var jobs: [Job] = []
        /// A later look is scheduled already.
        var isAwaited = false
        var isFailing = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "sallyport.store.writer", qos: .userInitiated)
    private let bounds: Bounds
    private let commit: Commit
    /// Called when writing begins to fail, with the error, and when it works again, with nil.
    private let report: @Sendable (StoreError?) -> Void

    package init(
        bounds: Bounds = Bounds(), report: @escaping @Sendable (StoreError?) -> Void = { _ in },
        _ commit: @escaping Commit
    ) {
        self.bounds = bounds
        self.report = report
        self.commit = commit
    }

    /// Never blocks for the disk.
    /// - Parameter completion: called on the writer's thread, once.
    /// - Returns: false when there is no room, or when the queue was closed; then `completion` is not called.
    package func submit(_ writes: [StoreWrite], completion: Completion? = nil) -> Bool {
        enum Look { case none, later, now }
        let look = state.withLock { state -> Look? in
            guard !state.isClosed, state.jobs.count < bounds.capacity else { return nil }
            state.jobs.append(Job(writes: writes, completion: completion))
            if completion != nil || state.jobs.count % bounds.group == 0 { return .now }
            guard !state.isAwaited else { return Look.none }
            state.isAwaited = true
            return .later
        }
        switch look {
        case nil: return false
        case .some(.none): break
        case .now: thread.async { self.write() }
        case .later: lookAgain(after: bounds.pause)
        }
        return true
    }

    /// Jobs that wait.
    package var count: Int { state.withLock { $0.jobs.count } }
    package var isFull: Bool { state.withLock { $0.isClosed || $0.jobs.count >= bounds.capacity } }

    /// Blocks until everything that was taken is written, or the store fails.
    /// - Returns: how many jobs are left.
    @discardableResult
    package func flush() -> Int {
        thread.sync {
            write()
            return count
        }
    }

    /// Writes what is left and takes nothing more. Those who still wait are told.
    /// - Returns: jobs that could not be written.
    @discardableResult
    package func close() -> Int {
        state.withLock { $0.isClosed = true }
        return flush()
    }

    /// Runs other work with the store on the writer's thread; a failure is reported like one of a write.
    package func perform(_ work: @escaping @Sendable () throws(StoreError) -> Void) {
        thread.async {
            guard self.state.withLock({ !$0.isClosed && !$0.isFailing }) else { return }
            do throws(StoreError) { try work() } catch { self.report(error) }
        }
    }

    private func lookAgain(after pause: DispatchTimeInterval) {
        thread.asyncAfter(deadline: .now() + pause) {
            self.state.withLock { $0.isAwaited = false }
            self.write()
        }
    }

    // MARK: on the thread

    private func write() {
        while let jobs = next() {
            switch attempt(jobs) {
            case .success(let receipts): finish(jobs, receipts)
            case .failure(let error): return putBack(jobs, error)
            }
        }
    }

    private func next() -> [Job]? {
        state.withLock { state in
            guard !state.jobs.isEmpty else { return nil }
            let jobs = Array(state.jobs.prefix(bounds.group))
            state.jobs.removeFirst(jobs.count)
            return jobs
        }
    }

    private func attempt(_ jobs: [Job]) -> Result<[StoreReceipt], StoreError> {
        Result { () throws(StoreError) in try commit(jobs.flatMap(\.writes)) }
    }

    private func finish(_ jobs: [Job], _ receipts: [StoreReceipt]) {
        let isBack = state.withLock { state in
            defer { state.isFailing = false }
            return state.isFailing
        }
        if isBack { report(nil) }
        var rest = receipts[...]
        for job in jobs {
            job.completion?(.success(Array(rest.prefix(job.writes.count))))
            rest = rest.dropFirst(job.writes.count)
        }
    }

    /// Who waits is told; the others come first at the next attempt.
    private func putBack(_ jobs: [Job], _ error: StoreError) {
        let (isNew, isDue) = state.withLock { state in
            state.jobs.insert(contentsOf: jobs.filter { $0.completion == nil }, at: 0)
            defer { state.isFailing = true }
            let isDue = !state.isAwaited && !state.isClosed && !state.jobs.isEmpty
            if isDue { state.isAwaited = true }
            return (!state.isFailing, isDue)
        }
        if isNew { report(error) }
        for job in jobs { job.completion?(.failure(error)) }
        if isDue { lookAgain(after: bounds.retry) }
    }
}
