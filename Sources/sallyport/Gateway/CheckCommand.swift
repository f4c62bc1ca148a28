import ArgumentParser
import Glibc
import SallyportConfig

extension DiagnosticReport.Format: ExpressibleByArgument {}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a configuration without running it.",
        discussion: """
            Nothing is bound or changed. Exit status 0 when it can be served, 78 when not, 1 when a certificate ends \
            sooner than --fail-if-expiring allows.
            """)

    @OptionGroup var file: ConfigurationOption
    @Option(name: .customLong("format"), help: "text, json, github (workflow commands) or sarif (2.1.0).")
    var format: DiagnosticReport.Format = .text
    @OptionGroup var json: JSONFlag
    @OptionGroup var state: StateOption
    @Flag(name: .customLong("policies"), help: "Print what holds on each route in the end.")
    var policies = false
    @Option(
        name: .customLong("fail-if-expiring"),
        help: "Fail when a certificate or authority in use ends within this time: 30d, 12h, 90m, 30s.")
    var limit: RemainingLife?

    func run() throws {
        let source = try ConfigurationSource(file.resolve())
        let result = source.load()
        let format = json.isOn ? .json : format
        guard let configuration = result.configuration else {
            report(result.report, as: format)
            throw CommandFailure.reported(.configuration)
        }
        let review = CertificateReview(configuration, state: try state.locate(), at: Environment.now())
        let ending = limit.map(review.ending) ?? []
        let report = DiagnosticReport(result.diagnostics + review.diagnostics + ending)
        if report.errorCount > 0 {
            self.report(report, as: format)
            throw CommandFailure.reported(.configuration)
        }
        show(configuration, source, report, format)
        guard ending.isEmpty else { throw CommandFailure.reported(.failed) }
        if format == .text { Terminal.next("run" + file.repeated + state.repeated) }
    }

    private func show(
        _ configuration: Configuration, _ source: ConfigurationSource, _ findings: DiagnosticReport,
        _ format: DiagnosticReport.Format
    ) {
        if policies {
            report(findings, as: format, onlyFindings: true)
            Terminal.print(
                format == .json
                    ? EffectivePolicies.json(configuration) : EffectivePolicies.text(configuration).withoutLineEnd)
        } else {
            report(findings, as: format)
            if format == .text { summarise(configuration, source, findings) }
        }
    }

    private func report(_ report: DiagnosticReport, as format: DiagnosticReport.Format, onlyFindings: Bool = false) {
        if format == .text || onlyFindings, report.diagnostics.isEmpty { return }
        if onlyFindings && format != .text { return }
        let colour = Terminal.colourful(STDOUT_FILENO)
        Terminal.print(report.rendered(as: format, colour: colour).withoutLineEnd)
    }

    private func summarise(_ configuration: Configuration, _ source: ConfigurationSource, _ report: DiagnosticReport) {
        let counts = [
            (configuration.listeners.count, "listener"), (configuration.routes.count, "route"),
            (configuration.upstreams.count, "upstream"), (report.warningCount, "warning"),
        ]
        let words = counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", ")
        Terminal.print("\(Terminal.tick) \(source.name): \(words)")
        for risk in configuration.acceptedRisks {
            Terminal.print("accepted risk: \(risk.path): \(risk.what), because \"\(risk.because)\"")
        }
    }
}

extension ConfigurationOption {
    /// How the option was given, to repeat it in a suggested command.
    var repeated: String {
        guard let file, file != "-" else { return "" }
        return " -c \(ShellWord.quote(file))"
    }
}
