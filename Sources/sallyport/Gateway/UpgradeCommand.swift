import ArgumentParser

struct UpgradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Replace the running gateway by a new process, without refusing a connection.",
        discussion: """
            The running gateway starts the new process with its own configuration file, state directory and environment. \
            The new one reads and builds everything, takes the listening sockets over, and serves; then the old one \
            finishes what is under way and ends. If the new one fails, or is not ready in time, nothing changes. \
            Without --binary it is the program that is at the path of the running one now.
            """)

    @OptionGroup var state: StateOption
    @Option(name: .customLong("binary"), help: "The program to start.", completion: .file())
    var binary: String?
    @Option(
        name: .customLong("threads"), help: "Worker threads of the new process. Default: as the running one was told.")
    var threads: Int?
    @Option(name: .customLong("timeout"), help: "Seconds for the new process to serve, 1 to 600.")
    var seconds = Upgrading.seconds

    func run() throws {
        guard (1...600).contains(seconds) else {
            throw CommandFailure(.usage, "--timeout is \(seconds); it has to be 1 to 600")
        }
        if let threads, !WorkersOption.range.contains(threads) {
            throw CommandFailure(.usage, "--threads is \(threads); it has to be 1 to 256")
        }
        let path = binary.map { $0.hasPrefix("/") ? $0 : Environment.workingDirectory + "/" + $0 }
        let request = AdminRequest(command: .upgrade, binary: path, threads: threads, seconds: seconds)
        try AdminClient(state: state.locate()).ask(request, within: seconds + 30).show()
        Terminal.next("status" + state.repeated)
    }
}
