import Glibc
import SallyportPKI
import Synchronization

/// `sallyport upgrade` inside the running gateway: starts the new process, and says what became of it.
final class Upgrading: Sendable {
    private let giving: HandoverGiving
    private let state: StateDirectory
    /// What the new process is started with; nil where this gateway cannot be started once more.
    private let arguments: Result<[String], CommandFailure>
    private let current = Mutex<Attempt?>(nil)

    private struct Attempt {
        let successor: Successor
        let continuation: CheckedContinuation<AdminReply, Never>
    }

    init(giving: HandoverGiving, state: StateDirectory, arguments: Result<[String], CommandFailure>) {
        self.giving = giving
        self.state = state
        self.arguments = arguments
    }

    /// Returns when the new process serves, or will not.
    func upgrade(_ request: AdminRequest) async -> AdminReply {
        let successor: Successor
        do throws(CommandFailure) {
            guard !giving.isBusy, current.withLock({ $0 == nil }) else {
                throw CommandFailure(.failed, "a hand-over is under way already")
            }
            guard getpid() != 1 else {
                throw CommandFailure(
                    .failed, "this gateway is process 1: the container or machine would end with it",
                    fix: "start it below an init process, or replace the container as a whole")
            }
            let binary = if let given = request.binary { given } else { try Successor.ownBinary() }
            let threads = request.threads.map { ["--threads", String($0)] } ?? []
            successor = try Successor.start(binary, try arguments.get() + threads)
        } catch {
            return AdminReply(
                error.status, messages: "error: \(error.message)" + (error.fix.map { "\nfix: \($0)" } ?? ""))
        }
        return await outcome(of: successor, within: .seconds(request.seconds ?? Self.seconds))
    }

    /// For the new process to serve.
    static let seconds = 30

    private func outcome(of successor: Successor, within limit: Duration) async -> AdminReply {
        let overdue = Task {
            do { try await Task.sleep(for: limit) } catch { return }
            successor.kill()
        }
        defer { overdue.cancel() }
        return await withCheckedContinuation { continuation in
            current.withLock { $0 = Attempt(successor: successor, continuation: continuation) }
            Task {
                let ending = await successor.ending()
                failed(successor, ending)
            }
        }
    }

    private func failed(_ successor: Successor, _ ending: String) {
        unlink(AdminServer.temporaryPath(in: state, of: successor.process))
        finish(
            successor.process,
            AdminReply(
                .failed,
                messages: "error: SP9014: the new process \(successor.process) \(ending) before it served; "
                    + "the running gateway goes on. What it said is on the gateway's standard error."))
    }

    /// A process serves instead of this one: the one that was started, or one that it started in turn.
    func succeeded(_ process: pid_t) {
        finish(
            nil,
            AdminReply(
                text: "\(Terminal.tick) process \(process) serves; process \(getpid()) finishes what is under way"))
    }

    private func finish(_ process: pid_t?, _ reply: AdminReply) {
        let attempt = current.withLock { current in
            guard process == nil || current?.successor.process == process else { return nil as Attempt? }
            defer { current = nil }
            return current
        }
        attempt?.continuation.resume(returning: reply)
    }

    /// This gateway stops: whoever was to take its place is not wanted any more.
    func abandon() {
        current.withLock { $0 }?.successor.kill()
    }
}
