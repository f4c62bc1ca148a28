import ArgumentParser

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have the running gateway read its configuration again.",
        discussion:
            "A configuration that is refused changes nothing: the running generation keeps serving. Exit status 78.")

    @OptionGroup var state: StateOption

    func run() throws {
        try AdminClient(state: state.locate()).ask(.reload).show()
        Terminal.next("status" + state.repeated)
    }
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the running gateway serves, and the risks it accepted.")

    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let reply = try AdminClient(state: state.locate()).ask(.status)
        try reply.show(asJSON: json.isOn)
        if !json.isOn { Terminal.next(Self.next(after: reply.text) + state.repeated) }
    }

    /// The newest refusal is what people ask about; without one, what a reload would change.
    private static func next(after status: String) -> String {
        let line = status.split(separator: "\n").first { $0.hasPrefix("latest") }
        let connection = line?.split(separator: " ").first { $0.hasPrefix("hs-") }
        return connection.map { "explain \($0)" } ?? "diff"
    }
}

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What a reload would change: the running generation against the file on disk.")

    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        try AdminClient(state: state.locate()).ask(.diff).show(asJSON: json.isOn)
        if !json.isOn { Terminal.next("reload" + state.repeated) }
    }
}

struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Have the running gateway finish what is under way and end; waits for the end.")

    @OptionGroup var state: StateOption

    func run() throws {
        try AdminClient(state: state.locate()).ask(.stop, untilEnd: true).show()
        Terminal.note("\(Terminal.tick) stopped")
        Terminal.next("run" + state.repeated)
    }
}

extension AdminReply {
    /// Prints the reply and ends as it says.
    func show(asJSON: Bool = false) throws(CommandFailure) {
        let result = asJSON ? json ?? "" : text
        if !result.isEmpty { Terminal.print(result) }
        if !messages.isEmpty { Terminal.note(messages) }
        if status != 0 { throw .reported(ExitStatus(rawValue: status) ?? .failed) }
    }
}
