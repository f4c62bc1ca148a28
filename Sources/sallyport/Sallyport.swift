import ArgumentParser

/// The command line. Everything below this target takes values; this one reads arguments, files and the environment.
struct Sallyport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sallyport",
        abstract: "A gateway that recognises both ends of every connection.",
        discussion: """
            First time? sallyport demo
            State lives in one directory: --state DIR, else $SALLYPORT_STATE, else ~/.local/state/sallyport.
            Exit status: 0 good, 1 failed, 64 wrong usage, 78 wrong configuration.
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Gateway",
                subcommands: [
                    DemoCommand.self, RunCommand.self, CheckCommand.self, ReloadCommand.self, StatusCommand.self,
                    TopCommand.self, DiffCommand.self, BanCommand.self, UpgradeCommand.self, StopCommand.self,
                ]),
            CommandGroup(
                name: "Certificates", subcommands: [AuthorityCommand.self, CertificateCommand.self, TLSCommand.self]),
            CommandGroup(name: "API keys", subcommands: [KeyCommand.self]),
            CommandGroup(name: "Records", subcommands: [AuditCommand.self, StoreCommand.self]),
            CommandGroup(name: "Trying out", subcommands: [CurlCommand.self, RouteCommand.self]),
            CommandGroup(
                name: "Reference",
                subcommands: [
                    ExplainCommand.self, SchemaCommand.self, CompletionCommand.self, LimboCommand.self,
                    VersionCommand.self,
                ]),
        ])
}

enum Version {
    static let number = "0.1.0"
    static let text = "sallyport \(number)"
}
