import ArgumentParser

/// A word where a command was expected.
struct UnknownVerb: CustomStringConvertible, Equatable {
    /// The commands before it: `sallyport cert`.
    let parents: String
    let word: String
    let suggestion: String?

    var description: String {
        let hint = suggestion.map { "did you mean \"\($0)\"?" } ?? "see \(parents) --help"
        return "unknown command \"\(word)\" of \(parents); \(hint)"
    }

    /// The first word that is no command where only a command can stand.
    static func first(in arguments: [String], of root: any ParsableCommand.Type) -> UnknownVerb? {
        var command = root
        var parents = name(of: root)
        for word in arguments {
            let children = children(of: command)
            guard !children.isEmpty, !word.hasPrefix("-") else { return nil }
            if let child = children.first(where: { answers(to: word, $0) }) {
                command = child
                parents += " " + word
            } else {
                if word == "help" { return nil }
                return UnknownVerb(parents: parents, word: word, suggestion: nearest(to: word, in: children))
            }
        }
        return nil
    }

    private static func children(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        let configuration = command.configuration
        return configuration.ungroupedSubcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? command._commandName
    }

    private static func answers(to word: String, _ command: any ParsableCommand.Type) -> Bool {
        name(of: command) == word || command.configuration.aliases.contains(word)
    }

    private static func nearest(to word: String, in commands: [any ParsableCommand.Type]) -> String? {
        let names = commands.map { name(of: $0) }
        let best = names.min { EditDistance.between(word, $0) < EditDistance.between(word, $1) }
        return best.flatMap { EditDistance.between(word, $0) <= 2 ? $0 : nil }
    }
}
