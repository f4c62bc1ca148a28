import Logging
import NIOCore
import SallyportAudit
import SallyportConfig
import SallyportEdge
import SallyportModel
import SallyportPKI
import SallyportStore
import Synchronization

/// Who is not served by this process: what operators have added, and what clients have brought on themselves. It
/// outlives generations, and by its file the process.
///
/// Asked once for a connection, and for its requests only when something has changed.
package final class BanRegister: Sendable {
    fileprivate struct State {
        var list = BanList()
        var meter = OffenceMeter()
        var rules: OffenceMeter.Rules?
        /// Something of `list` is not in the file.
        var isUnsaved = false
    }

    private let state: Mutex<State>
    /// Counts up with every ban that is added.
    private let additions = Atomic<Int>(0)
    private let countsOffences = Atomic<Bool>(false)
    /// Another process keeps the file now.
    private let isSucceeded = Atomic<Bool>(false)
    /// Held while the file is written, so that an older list does not replace a newer one.
    private let writing = Mutex<Void>(())
    private let file: BanFile?
    private let logger: Logger
    private let audit: AuditRecorder?

    /// - Throws: banFileUnusable.
    convenience init(in directory: StateDirectory, logger: Logger, audit: AuditRecorder? = nil) throws(PKIError) {
        let file = BanFile(directory)
        self.init(file: file, logger: logger, audit: audit)
        restore(try file.bans())
    }

    /// Without a file, nothing outlives the process.
    init(file: BanFile? = nil, logger: Logger = Logger(label: "bans"), audit: AuditRecorder? = nil) {
        self.audit = audit
        state = Mutex(State())
        self.file = file
        self.logger = logger
    }

    private func restore(_ bans: [Ban]) {
        let (now, clock) = (UnixTime.seconds(), Self.clock())
        state.withLock { state in
            state.list = BanList()
            for ban in bans where ban.holds(at: now) {
                _ = state.list.add(ban, at: now)
                guard ban.source == .automatic, let until = ban.until else { continue }
                state.meter.remember(ban.subject, times: ban.times, secondsLeft: until - now, at: clock)
            }
        }
        if !bans.isEmpty { additions.add(1, ordering: .releasing) }
    }

    func adopt(_ limits: BanLimits?) {
        let rules = limits.map {
            OffenceMeter.Rules(
                after: $0.after, within: TimeAmount($0.within).nanoseconds.magnitude,
                length: max(1, $0.length.components.seconds))
        }
        state.withLock { $0.rules = rules }
        countsOffences.store(rules != nil, ordering: .relaxed)
    }

    private static func clock() -> UInt64 { NIODeadline.now().uptimeNanoseconds.magnitude }

    // MARK: asking

    /// Another number than before: somebody may be banned who was not. 0: nobody ever was.
    var version: Int { additions.load(ordering: .acquiring) }

    /// Why this client is not served: because of where it comes from, or of who it is.
    func refusal(of address: AddressNetwork?, names: [String] = []) -> GateRefusal? {
        guard version > 0 else { return nil }
        return state.withLock { state in
            guard !state.list.isEmpty else { return nil }
            let now = UnixTime.seconds()
            if let address, state.list.ban(of: address, at: now) != nil { return .addressBanned }
            return names.contains { state.list.ban(ofIdentity: $0, at: now) != nil } ? .identityBanned : nil
        }
    }

    /// Those that hold, the newest first.
    package var all: [Ban] { state.withLock { $0.list.all(at: UnixTime.seconds()) } }

    // MARK: offences

    /// A client was refused through a fault of its own. It may be banned for that.
    func offended(_ subject: BanSubject?, by reason: Reason) {
        guard countsOffences.load(ordering: .relaxed), let subject, reason.isOffence else { return }
        let now = UnixTime.seconds()
        let begun = state.withLock { state -> Ban? in
            guard let rules = state.rules, let sentence = state.meter.note(subject, rules, at: Self.clock())
            else { return nil }
            let ban = Ban(
                subject, since: now, until: now + sentence.seconds,
                because: "\(sentence.offences) refusals, the last one \(reason.name)", source: .automatic,
                times: sentence.times)
            guard [.added, .replaced].contains(state.list.add(ban, at: now)) else { return nil }
            state.isUnsaved = true
            return ban
        }
        guard let begun else { return }
        additions.add(1, ordering: .releasing)
        say(begun)
        audit?.noteStranger(
            AuditEntry(
                .banAdded, .done, at: UnixTime.nanoseconds(), actor: "sallyport", object: begun.subject.text,
                reason: reason.name, detail: begun.because))
    }

    private func say(_ ban: Ban) {
        let reason: Reason = if case .identity = ban.subject { .identityBanned } else { .addressBanned }
        logger.warning(
            "client banned",
            metadata: [
                "code": "\(reason.name)", "who": "\(ban.subject.text)", "because": "\(ban.because)",
                "seconds": "\((ban.until ?? ban.since) - ban.since)", "until": "\(ban.until ?? 0)",
                "times": "\(ban.times)", "fix": "\(reason.fix)",
            ])
    }

    // MARK: operators

    /// In force and in the file when it returns.
    package func add(_ ban: Ban) throws(PKIError) -> BanList.Addition {
        try requireOwnFile()
        let result = state.withLock { state in
            let result = state.list.add(ban, at: UnixTime.seconds())
            if result != .full { state.isUnsaved = true }
            return result
        }
        guard result != .full else {
            throw PKIError(.banListFull, ban.subject.text, "there are \(BanList.usualCapacity) bans already")
        }
        additions.add(1, ordering: .releasing)
        logger.notice("ban added", metadata: ["who": "\(ban.subject.text)", "because": "\(ban.because)"])
        try save()
        return result
    }

    /// Lifted and out of the file when it returns. Nil when there is no such ban.
    package func remove(_ subject: BanSubject) throws(PKIError) -> Ban? {
        try requireOwnFile()
        let removed = state.withLock { $0.lift([subject]) }
        try lifted(removed)
        return removed.first
    }

    package func removeAll() throws(PKIError) -> [Ban] {
        try requireOwnFile()
        let removed = state.withLock { $0.lift($0.list.all(at: UnixTime.seconds()).map(\.subject)) }
        try lifted(removed)
        return removed
    }

    private func lifted(_ bans: [Ban]) throws(PKIError) {
        for ban in bans { logger.notice("ban lifted", metadata: ["who": "\(ban.subject.text)"]) }
        try save()
    }

    // MARK: the file

    /// Takes out those that are over, and writes what is not in the file yet. Called now and then, beside the data
    /// path.
    func tend() {
        state.withLock { if $0.list.purge(at: UnixTime.seconds()) { $0.isUnsaved = true } }
        do throws(PKIError) { try save() } catch {
            logger.error("bans not saved", metadata: ["code": "\(error.reason.name)", "error": "\(error)"])
        }
    }

    private func requireOwnFile() throws(PKIError) {
        guard isSucceeded.load(ordering: .acquiring) else { return }
        throw PKIError(.stateWriteFailed, file?.path ?? "", "another process has just taken over; ask it once more")
    }

    private func save() throws(PKIError) {
        guard let file, !isSucceeded.load(ordering: .acquiring) else { return }
        try writing.withLock { _ throws(PKIError) in
            let bans = state.withLock { state -> [Ban]? in
                defer { state.isUnsaved = false }
                return state.isUnsaved ? state.list.all(at: 0) : nil
            }
            guard let bans else { return }
            do throws(PKIError) { try file.write(bans) } catch {
                state.withLock { $0.isUnsaved = true }
                throw error
            }
        }
    }

    /// Another process keeps the file from now on.
    func succeeded() { isSucceeded.store(true, ordering: .releasing) }

    /// Takes over what the process before has written since this one began.
    package func readAgain() throws(PKIError) {
        guard let file else { return }
        restore(try file.bans())
    }
}

extension BanRegister.State {
    fileprivate mutating func lift(_ subjects: [BanSubject]) -> [Ban] {
        let removed = subjects.compactMap { subject in
            meter.forgive(subject)
            return list.remove(subject)
        }
        if !removed.isEmpty { isUnsaved = true }
        return removed
    }
}

extension Reason {
    private static let offencesAtTheGate: Set<Reason> = [
        .addressConnectionLimit, .addressConnectionRate, .addressHandshakeRate, .identityConnectionLimit, .http2Flood,
        .http2Resets,
    ]

    /// Whether it is held against the client that it was refused so. What is only missing (404), what the gateway or an
    /// upstream cannot do, and a ban itself are not.
    var isOffence: Bool {
        guard origin == .client, self != .addressBanned, self != .identityBanned else { return false }
        if Self.offencesAtTheGate.contains(self) || isAboutCertificate { return true }
        return status.map { [400, 401, 403, 429].contains($0) } ?? false
    }

    /// No certificate, one that is not good, or no proof that the client holds its key.
    private var isAboutCertificate: Bool { (2001...2003).contains(code) || (2201...2249).contains(code) }
}
