import ArgumentParser

struct CertificateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cert", abstract: "Certificates of the built-in authority.",
        subcommands: [
            ClientCertificateCommand.self, ServerCertificateCommand.self, CertificateListCommand.self,
            CertificateInspectCommand.self, CertificateRenewCommand.self, CertificateRevokeCommand.self,
            CertificateTokenCommand.self,
            CertificateDeniedCommand.self,
        ])
}

/// `--days` and `--hours`.
struct LifetimeOption: ParsableArguments {
    @Option(name: .customLong("days"), help: "How long it is valid, in days.")
    var days: Int?
    @Option(name: .customLong("hours"), help: "How long it is valid, in hours.")
    var hours: Int?

    /// Ten years, the life of the root.
    static let maximumHours = 3650 * 24

    /// Nil when neither is given.
    func lifetime() throws(CommandFailure) -> Duration? {
        guard days == nil || hours == nil else { throw CommandFailure(.usage, "give --days or --hours, not both") }
        guard let value = days ?? hours else { return nil }
        let limit = days == nil ? Self.maximumHours : Self.maximumHours / 24
        guard (1...limit).contains(value) else {
            throw CommandFailure(
                .usage, "a lifetime of \(value) \(days == nil ? "hours" : "days") is outside 1 to \(limit)")
        }
        return .seconds(value * (days == nil ? 3600 : 86_400))
    }
}

/// `--p12`.
struct PKCS12Option: ParsableArguments {
    @Flag(
        name: .customLong("p12"), help: "Also write NAME.p12 for browsers, under a new password that is printed once.")
    var isOn = false
}
