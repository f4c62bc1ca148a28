import ArgumentParser
import SallyportConfig
import SallyportEdge

struct BanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ban", abstract: "Who the running gateway does not serve.",
        discussion: """
            Bans outlive restarts and reloads. The admin listener is never under one. `limits.bans` of the \
            configuration has the gateway ban those by itself who are refused again and again.
            """,
        subcommands: [BanListCommand.self, BanAddCommand.self, BanRemoveCommand.self])
}

struct BanListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Bans that hold, why, and until when.")

    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        try AdminClient(state: state.locate()).ask(.banList).show(asJSON: json.isOn)
        if !json.isOn { Terminal.next("ban remove WHO" + state.repeated) }
    }
}

struct BanAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Stop serving an address, a network or an identity; open connections are cut.",
        discussion: """
            Of IPv6 give a network: whoever has one address of a /64 has all of them. An identity is named as in \
            `identities` and in the access log. A ban of somebody who is banned already takes the place of the former.
            """)

    @Argument(help: "An address, a network such as 203.0.113.0/24, or the name of an identity.")
    var who: String
    @Option(name: .customLong("for"), help: "How long, such as 30m, 12h or 7d. Default: 1h.")
    var length: String?
    @Flag(name: .customLong("forever"), help: "Until it is lifted.")
    var forever = false
    @Option(name: .customLong("because"), help: "Why, for whoever sees the ban later.")
    var because: String
    @Flag(name: .customLong("yes"), help: "Do not ask.")
    var yes = false
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    private static let usual: Int64 = 3600
    private static let range: ClosedRange<Int64> = 1...(366 * 86_400)

    func run() throws {
        let subject = try BanText.subject(who)
        let seconds = try seconds()
        try BanText.check(because)
        try confirm(subject)
        var request = AdminRequest(command: .banAdd, subject: subject.text)
        request.seconds = seconds
        request.because = because
        try AdminClient(state: state.locate()).ask(request).show(asJSON: json.isOn)
        if !json.isOn { Terminal.next("ban list" + state.repeated) }
    }

    /// Nil: until it is lifted.
    private func seconds() throws(CommandFailure) -> Int? {
        if forever {
            guard length == nil else { throw CommandFailure(
                    .usage, "--for and --forever contradict each other", fix: "give one of them") }
            return nil
        }
        guard let length else { return Int(Self.usual) }
        guard let seconds = DurationArgument.parse(length)?.components.seconds, Self.range.contains(seconds) else {
            throw CommandFailure(
                .usage, "--for \(length): this is no duration from 1s to 366d", fix: "such as --for 12h, or --forever")
        }
        return Int(seconds)
    }

    private func confirm(_ subject: BanSubject) throws(CommandFailure) {
        guard !yes, let consequence = BanText.danger(of: subject) else { return }
        guard Terminal.confirm("This \(consequence). Ban \(subject.text)?") else {
            throw CommandFailure(
                .failed, "nobody was banned: this \(consequence)", fix: "to do it without being asked: --yes")
        }
    }
}

struct BanRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Serve somebody again at once.")

    @Argument(help: "Whom, as `sallyport ban list` shows it.")
    var who: String?
    @Flag(name: .customLong("all"), help: "Everybody.")
    var all = false
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        guard (who != nil) != all else {
            throw CommandFailure(
                .usage, who == nil ? "nobody is named whose ban is to be lifted" : "WHO and --all contradict each other",
                fix: "give either a name as `sallyport ban list` shows it, or --all")
        }
        let subject = try who.map { (text) throws(CommandFailure) in try BanText.subject(text).text }
        try AdminClient(state: state.locate()).ask(.banRemove, about: subject).show(asJSON: json.isOn)
        if !json.isOn { Terminal.next("ban list" + state.repeated) }
    }
}
