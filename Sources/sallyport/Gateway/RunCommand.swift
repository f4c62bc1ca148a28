import ArgumentParser
import NIOCore
import SallyportConfig

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the gateway in the foreground.",
        discussion:
            "SIGHUP reloads, SIGTERM and SIGINT drain and stop. Prints \"ready\" and the addresses once it serves.")

    @OptionGroup var file: ConfigurationOption
    @OptionGroup var state: StateOption
    @OptionGroup var workers: WorkersOption
    @Flag(name: .customLong("watch"), help: "Reload when the configuration or a certificate file changes.")
    var watch = false

    func run() async throws {
        let state = try state.locate()
        try await GatewayProcess(
            state: state, source: ConfigurationSource(file.resolve()), threads: workers.count(), watch: watch
        ).run(holding: InstanceLock(preparing: state))
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
