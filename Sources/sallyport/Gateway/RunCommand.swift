import ArgumentParser
import Glibc
import NIOCore
import SallyportConfig
import SallyportPKI

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the gateway in the foreground.",
        discussion:
            "SIGHUP reloads, SIGTERM and SIGINT drain and stop, a second one at once. Prints \"ready\" and the addresses once it serves."
    )

    @OptionGroup var file: ConfigurationOption
    @OptionGroup var state: StateOption
    @OptionGroup var workers: WorkersOption
    @Flag(name: .customLong("watch"), help: "Reload when the configuration or a certificate file changes.")
    var watch = false
    @Flag(
        name: .customLong("take-over"),
        help: "Take the listening sockets over from the gateway that runs on the state directory; `upgrade` does this.")
    var takesOver = false

    func run() async throws {
        let state = try state.locate()
        let source = try ConfigurationSource(file.resolve())
        let threads = try workers.count()
        let process = GatewayProcess(
            state: state, source: source, threads: threads, watch: watch, restart: restart(state, source))
        if takesOver {
            try await process.run(takingOver: HandoverTaking(from: state))
        } else {
            try await process.run(
                holding: InstanceLock(preparing: state),
                inherited: PassedSockets(Environment.variables, process: getpid()).sockets())
        }
    }

    /// How a process is started that takes the place of this one.
    private func restart(_ state: StateDirectory, _ source: ConfigurationSource) -> Result<[String], CommandFailure> {
        guard case .file(let path) = source else {
            return .failure(
                CommandFailure(.failed, "the configuration came from standard input and cannot be read again"))
        }
        let threads = workers.threads.map { ["--threads", String($0)] } ?? []
        return .success(
            ["run", "--take-over", "-c", path, "--state", state.path] + (watch ? ["--watch"] : []) + threads)
    }
}

/// `--threads`, else `SALLYPORT_THREADS`, else as many as there are cores.
struct WorkersOption: ParsableArguments {
    @Option(
        name: .customLong("threads"), help: "Worker threads, 1 to 256. Default: $SALLYPORT_THREADS, else the cores.")
    var threads: Int?

    static let range = 1...256

    func count() throws(CommandFailure) -> Int {
        let (value, name) = try given()
        guard Self.range.contains(value) else {
            throw CommandFailure(
                .usage, "\(name) is \(value); it has to be \(Self.range.lowerBound) to \(Self.range.upperBound)")
        }
        return value
    }

    private func given() throws(CommandFailure) -> (value: Int, name: String) {
        if let threads { return (threads, "--threads") }
        guard let text = Environment.variables["SALLYPORT_THREADS"], !text.isEmpty else {
            return (min(System.coreCount, Self.range.upperBound), "the number of cores")
        }
        guard let value = Int(text) else {
            throw CommandFailure(.usage, "SALLYPORT_THREADS is \"\(text)\"; it has to be a number from 1 to 256")
        }
        return (value, "SALLYPORT_THREADS")
    }
}
