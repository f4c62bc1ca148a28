import ArgumentParser
import SallyportConfig
import SallyportModel
import SallyportPKI

/// `--state`, on every command that touches the state directory.
struct StateOption: ParsableArguments {
    @Option(
        name: .customLong("state"), help: "Where certificates and sockets are kept.", completion: .directory)
    var directory: String?

    func locate() throws(CommandFailure) -> StateDirectory {
        do throws(PKIError) {
            return try StateDirectory.locate(
                option: directory, environment: Environment.variables, workingDirectory: Environment.workingDirectory)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// How the option was given, to repeat it in a suggested command.
    var repeated: String {
        guard let directory else { return "" }
        return " --state \(ShellWord.quote(directory))"
    }
}

/// `--json`, on every command that reads.
struct JSONFlag: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON instead of text.")
    var isOn = false
}

/// `-c`, on every command that reads a configuration.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: "The configuration; - is standard input. Default: ./sallyport.yaml, else /etc/sallyport/sallyport.yaml.",
        completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    static let defaults = ["sallyport.yaml", "/etc/sallyport/sallyport.yaml"]

    /// The path given, or the first default that exists.
    func resolve() throws(CommandFailure) -> String {
        if let file { return file }
        let files = SystemFiles()
        for candidate in Self.defaults {
            if FileStamp(path: candidate) != .missing { return candidate }
        }
        throw CommandFailure(
            .configuration, "there is no sallyport.yaml in \(files.workingDirectory) and no \(Self.defaults[1])",
            fix: "name one with -c FILE, or see a running one first: sallyport demo")
    }
}

extension CommandFailure {
    init(_ error: PKIError) {
        self.init(.failed, "\(error.reason.name): \(error.subject): \(error.detail)", fix: error.reason.fix.description)
    }
}
