import ArgumentParser
import SallyportConfig
import SallyportModel
import SallyportTLS

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain a code (SP3001), a configuration key (listeners.tls.profile), or a handshake (hs-…).")

    @Argument(help: "SPnnnn, a key path, or the connection that a log line names.")
    var subject: String
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        if ConnectionID(subject) != nil {
            try AdminClient(state: state.locate()).ask(.explain, about: subject).show(asJSON: json.isOn)
        } else if let reason = Reason.named(subject) {
            Terminal.print(json.isOn ? Self.json(of: reason) : Self.text(of: reason))
        } else if let text = explain(keyPath: subject)?.withoutLineEnd {
            let object = JSONValue.members(["key": .string(subject), "text": .string(text)])
            Terminal.print(json.isOn ? object.pretty : text)
        } else {
            throw unknown()
        }
    }

    private static func text(of reason: Reason) -> String {
        var lines = ["\(reason.name)  \(reason.title)", "", "\(reason.explanation)", "", "fix: \(reason.fix)"]
        let status = reason.status.map { "HTTP status \($0), " } ?? ""
        lines.append("\(status)caused by: \(reason.origin.rawValue)")
        return lines.joined(separator: "\n")
    }

    private static func json(of reason: Reason) -> String {
        JSONValue.members([
            "code": .string(reason.name), "title": .string(reason.title.description),
            "explanation": .string(reason.explanation.description), "fix": .string(reason.fix.description),
            "status": reason.status.map { .integer(Int($0)) }, "origin": .string(reason.origin.rawValue),
        ]).pretty
    }

    private func unknown() -> CommandFailure {
        let isCode =
            subject.lowercased().hasPrefix("sp") && subject.dropFirst(2).allSatisfy(\.isNumber) && subject.count > 2
        if isCode {
            return CommandFailure(
                .failed, "there is no code \(subject)", fix: "each log line and reply names its own code")
        }
        let near = ConfigurationSchema.suggestions(forKeyPath: subject)
        let fix =
            near.isEmpty ? "the keys are listed by: sallyport schema" : "did you mean \(near.joined(separator: ", "))?"
        return CommandFailure(
            .failed, "\"\(subject)\" is neither a code, a configuration key nor a connection", fix: fix)
    }
}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema (2020-12) of the configuration, for editors.",
        discussion: "Put this above the file: # yaml-language-server: $schema=./sallyport.schema.json")

    func run() {
        Terminal.print(ConfigurationSchema.json().withoutLineEnd)
    }
}

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print the completion script of a shell.",
        discussion: "bash: source <(sallyport completion bash)")

    enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        guard let known = CompletionShell(rawValue: shell.rawValue) else {
            throw CommandFailure(.usage, "there are no completions for \(shell.rawValue)")
        }
        Terminal.print(Sallyport.completionScript(for: known))
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var json: JSONFlag

    func run() {
        let json = JSONValue.members(["name": .string("sallyport"), "version": .string(Version.number)]).pretty
        Terminal.print(self.json.isOn ? json : Version.text)
    }
}
