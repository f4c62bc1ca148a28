import SallyportModel
import SallyportPKI
import Synchronization

/// The last handshakes that can still be explained: the refused ones, and a sample of the others.
///
/// Its size is bounded by number and by bytes. When it is full, the oldest of the most frequent kind goes: whoever
/// floods the gateway with one fault pushes out only that, and the rare failure that the operator looks for stays.
package final class HandshakeJournal: Sendable {
    /// Makes the verdict tree of a presented chain. It is called when somebody asks, never on the path of a handshake.
    package typealias Judge = @Sendable () -> VerdictTree?

    private enum Verdict {
        case none
        case pending(Judge)
        case known(VerdictTree)
    }

    private struct Entry {
        let handshake: ExplainedHandshake
        let bytes: Int
        var verdict: Verdict

        /// What counts as the same: the code of the reason; zero for a finished handshake.
        var kind: UInt16 { handshake.reason?.code ?? 0 }
    }

    private struct State {
        var entries: [Entry] = []
        var bytes = 0
        var counts: [UInt16: Int] = [:]
    }

    private let maximumEntries: Int
    private let maximumBytes: Int
    private let state = Mutex(State())

    package init(entries: Int = 256, bytes: Int = 4 << 20) {
        maximumEntries = entries
        maximumBytes = bytes
    }

    // MARK: Writing

    /// Counts a refusal and keeps it. One without a byte is counted only: probes would leave room for nothing else.
    package func add(_ refusal: HandshakeRefusal, time: Int64, judge: Judge? = nil) {
        let handshake = ExplainedHandshake(refusal, time: time)?.bounded
        state.withLock { state in
            state.counts[refusal.reason.code, default: 0] += 1
            guard let handshake, !refusal.isSilentProbe else { return }
            keep(
                Entry(handshake: handshake, bytes: handshake.bytes, verdict: judge.map(Verdict.pending) ?? .none),
                &state)
        }
    }

    /// Keeps a handshake that was finished. It waits for nobody: when the journal is in use the sample is skipped.
    package func sample(_ handshake: ExplainedHandshake) {
        let handshake = handshake.bounded
        _ = state.withLockIfAvailable { state in
            keep(Entry(handshake: handshake, bytes: handshake.bytes, verdict: .none), &state)
        }
    }

    private func keep(_ entry: Entry, _ state: inout State) {
        guard entry.bytes <= maximumBytes / 4 else { return }
        while state.entries.count >= maximumEntries || state.bytes + entry.bytes > maximumBytes {
            guard Self.forgetOne(&state) else { return }
        }
        state.entries.append(entry)
        state.bytes += entry.bytes
    }

    private static func forgetOne(_ state: inout State) -> Bool {
        var frequency: [UInt16: Int] = [:]
        for entry in state.entries { frequency[entry.kind, default: 0] += 1 }
        guard let most = frequency.values.max(),
            let oldest = state.entries.firstIndex(where: { frequency[$0.kind] == most })
        else { return false }
        state.bytes -= state.entries.remove(at: oldest).bytes
        return true
    }

    // MARK: Reading

    /// The handshake with its verdict tree, which is made now if nobody has asked before.
    package func handshake(_ connection: ConnectionID) -> (ExplainedHandshake, VerdictTree?)? {
        let entry = state.withLock { state in state.entries.last { $0.handshake.connection == connection } }
        guard let entry else { return nil }
        return (entry.handshake, settle(entry))
    }

    /// Makes every tree that is still to be made, by the rules of now. To be called when these are about to change; it
    /// takes milliseconds for each distinct chain and belongs on a thread that may wait.
    package func settle() {
        let pending = state.withLock { state in
            state.entries.filter { if case .pending = $0.verdict { true } else { false } }
        }
        for entry in pending { _ = settle(entry) }
    }

    private func settle(_ entry: Entry) -> VerdictTree? {
        switch entry.verdict {
        case .none: return nil
        case .known(let tree): return tree
        case .pending(let judge):
            let tree = judge()
            state.withLock { state in
                let index = state.entries.lastIndex { $0.handshake.connection == entry.handshake.connection }
                if let index { state.entries[index].verdict = tree.map(Verdict.known) ?? .none }
            }
            return tree
        }
    }

    /// How often each reason was met since the start, the most frequent first.
    package var counts: [(reason: Reason, count: Int)] {
        let counts = state.withLock { $0.counts }
        return Reason.all.compactMap { reason in counts[reason.code].map { (reason, $0) } }
            .sorted { ($1.count, $0.reason.code) < ($0.count, $1.reason.code) }
    }

    /// The newest refusals, newest first.
    package func latestRefusals(_ count: Int) -> [ExplainedHandshake] { latest(count) { $0.refusal != nil } }

    /// The newest of the sample of good ones, newest first.
    package func latestFinished(_ count: Int) -> [ExplainedHandshake] { latest(count) { $0.refusal == nil } }

    private func latest(_ count: Int, where test: (ExplainedHandshake) -> Bool) -> [ExplainedHandshake] {
        state.withLock { state in
            state.entries.reversed().lazy.map(\.handshake).filter(test).prefix(count).map(\.self)
        }
    }

    /// What can be explained, newest first.
    package var connections: [ConnectionID] {
        state.withLock { state in state.entries.reversed().map(\.handshake.connection) }
    }

    var bytes: Int { state.withLock { $0.bytes } }
}

extension ExplainedHandshake {
    /// About as many bytes as it takes in memory.
    var bytes: Int {
        let texts = [refusal?.detail, refusal?.subject, refusal?.issuer, refusal?.serial].compactMap { $0?.utf8.count }
        return 2048 + record.bytes + texts.reduce(0, +)
    }

    /// The same with no more of the ClientHello than is shown.
    var bounded: ExplainedHandshake {
        ExplainedHandshake(record.bounded, time: time, listener: listener, peer: peer, outcome: outcome.withoutRecord)
    }
}

extension ExplainedHandshake.Outcome {
    /// The record stands beside it already.
    fileprivate var withoutRecord: ExplainedHandshake.Outcome {
        guard case .refused(let refusal) = self else { return self }
        return .refused(
            HandshakeRefusal(
                reason: refusal.reason, detail: refusal.detail, peer: refusal.peer, listener: refusal.listener,
                sni: refusal.sni, subject: refusal.subject, issuer: refusal.issuer, serial: refusal.serial,
                fix: refusal.fix))
    }
}

extension HandshakeRecorder {
    /// A ClientHello of 16 KiB can hold thousands of names of one byte, and each would be an allocation that stays.
    var bounded: HandshakeRecorder {
        var copy = self
        copy.trimHello(numbers: 64, names: 16)
        return copy
    }

    fileprivate var bytes: Int {
        let numbers = hello.map { hello in
            hello.cipherSuites.count + hello.groups.count + hello.signatureAlgorithms.count
                + hello.supportedVersions.count
        }
        let names = hello?.alpn.reduce(0) { $0 + 32 + $1.count } ?? 0
        return 2 * (numbers ?? 0) + names + presented.reduce(0) { $0 + 32 + $1.count }
    }
}
