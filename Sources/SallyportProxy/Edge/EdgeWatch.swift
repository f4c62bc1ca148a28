import Glibc
import Logging
import NIOCore
import SallyportConfig
import SallyportEdge
import SallyportModel
import Synchronization

/// Looks at memory and open files four times a second, beside the data path, and says once a second what was refused.
final class EdgeWatch: Sendable {
    private let edge: EdgeState
    private let workers: [Worker]
    private let logger: Logger
    private let memory: Mutex<Memory>

    private struct Memory {
        var pressure: MemoryPressure
        var used = 0
        var trimmedAt = 0
    }

    private static let interval = Duration.milliseconds(250)
    /// Looks between two times that free memory is handed back to the system.
    private static let trimEvery = 8

    private let telemetry: GatewayTelemetry

    init(edge: EdgeState, workers: [Worker], logger: Logger, budget: Int?, telemetry: GatewayTelemetry) {
        self.telemetry = telemetry
        self.edge = edge
        self.workers = workers
        self.logger = logger
        memory = Mutex(Memory(pressure: MemoryPressure(budget: budget ?? SystemMemory.budget)))
    }

    func adopt(_ limits: EdgeLimits) {
        edge.adopt(limits)
        memory.withLock { $0.pressure.budget = limits.memory ?? SystemMemory.budget }
    }

    var status: GatewayStatus.Edge {
        let (used, budget, step) = memory.withLock { ($0.used, $0.pressure.budget, $0.pressure.step) }
        return GatewayStatus.Edge(
            connections: edge.openConnections, connectionLimit: edge.connectionLimit, openFiles: edge.openFiles,
            openFileLimit: edge.files.limit, memoryUsed: used, memoryBudget: budget, memoryStep: step.words, memoryStepNumber: step.rawValue,
            waitingRequests: workers.reduce(0) { $0 + $1.counters.waiting.load(ordering: .relaxed) },
            refused: edge.refusals.map { .init(code: $0.0.reason.name, title: "\($0.0.reason.title)", count: $0.count) },
            bans: .init(edge.bans.all))
    }

    /// Until its task is cancelled.
    func run() async {
        var round = 0
        while !Task.isCancelled {
            look(round)
            round += 1
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    private func look(_ round: Int) {
        // Counting many files takes milliseconds: four times a second only while they may become scarce.
        if round % 4 == 0 || edge.openFiles > edge.files.limit / 2 { edge.note(openFiles: OpenFiles.count()) }
        lookAtMemory(round)
        if round % 4 == 0 {
            report()
            edge.bans.tend()
            telemetry.rates.note(total: workers.reduce(0) { $0 + $1.counters.requests.load(ordering: .relaxed) })
        }
    }

    private func report() {
        for (refusal, count) in edge.news() {
            logger.warning(
                refusal == .files ? "clients are kept waiting" : "connections refused",
                metadata: [
                    "code": "\(refusal.reason.name)", "count": "\(count)", "reason": "\(refusal.reason.title)",
                    "connections": "\(edge.openConnections)", "fix": "\(refusal.reason.fix)",
                ])
        }
    }

    // MARK: memory

    private func lookAtMemory(_ round: Int) {
        guard let used = SystemMemory.resident else { return }
        let (changed, step, budget, trims) = memory.withLock { memory in
            memory.used = used
            let changed = memory.pressure.note(used: used)
            let trims = memory.pressure.step > .none && (changed || round - memory.trimmedAt >= Self.trimEvery)
            if trims { memory.trimmedAt = round }
            return (changed, memory.pressure.step, memory.pressure.budget, trims)
        }
        edge.note(step)
        if changed { say(step, used: used, budget: budget) }
        if step >= .refuseConnections {
            for worker in workers { worker.eventLoop.execute { worker.state.value.giveUpLargestBuffers() } }
        }
        // What glibc holds free counts as used until it is handed back.
        if trims { SystemMemory.handBack() }
    }

    private func say(_ step: MemoryStep, used: Int, budget: Int) {
        logger.log(
            level: step == .none ? .info : .warning, "memory pressure changed",
            metadata: [
                "code": "\(Reason.memoryExhausted.name)", "now": "\(step.words)", "used": "\(used >> 20) MiB",
                "budget": "\(budget >> 20) MiB", "fix": "\(Reason.memoryExhausted.fix)",
            ])
    }
}

/// What this process may use and uses, as Linux says.
enum SystemMemory {
    /// The limit of the container, or nine tenths of the machine; 0 when neither can be read.
    static var budget: Int {
        let machine = text(of: "/proc/meminfo").flatMap(MemoryReading.total).map { $0 / 10 * 9 }
        let group = text(of: "/proc/self/cgroup").flatMap(MemoryReading.group)
        let files = [group.map { "/sys/fs/cgroup\($0)/memory.max" }, "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let limits = files.compactMap { $0.flatMap(text).flatMap(MemoryReading.limit) }
        return ([machine].compactMap(\.self) + limits).min() ?? 0
    }

    static var resident: Int? {
        text(of: "/proc/self/statm").flatMap { MemoryReading.resident(statm: $0, pageSize: sysconf(Int32(_SC_PAGESIZE))) }
    }

    /// Has glibc give free memory back to the system; Swift's module of glibc does not name the function.
    static func handBack() {
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
    }

    /// The first 4 KiB of a file that the kernel makes up.
    private static func text(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}

/// Files and sockets that this process has open.
enum OpenFiles {
    static func count() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        // The folder itself, and the two entries that every folder has.
        var count = -3
        while readdir(folder) != nil { count += 1 }
        return max(0, count)
    }
}
