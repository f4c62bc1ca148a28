import Logging
import SallyportConfig
import SallyportModel
import SallyportTelemetry

/// Tells the operator of a running gateway what became of a reload: in words at a terminal, in events elsewhere.
///
/// It goes through the log's sink, so that a terminal that stands still holds up nothing.
struct OperatorLog: Sendable {
    let logger: Logger
    let sink: LogSink
    /// Standard error is read by people.
    let isInteractive: Bool
    var colour = false

    /// - Parameter words: `✔ generation 2 loaded in 8 ms (1 route changed)`
    func loaded(_ words: String, generation: Int, changes: String, _ report: DiagnosticReport) {
        if isInteractive {
            if !report.diagnostics.isEmpty { say(report.rendered(as: .text, colour: colour)) }
            return say(words)
        }
        log(report)
        logger.info("configuration loaded", metadata: ["generation": "\(generation)", "changes": "\(changes)"])
    }

    /// - Parameter outcome: `Nothing was changed: generation 2 … keeps serving.`
    func refused(_ report: DiagnosticReport, outcome: String) {
        if isInteractive { return say(report.rendered(as: .text, colour: colour, outcome: outcome)) }
        log(report)
        logger.error("configuration refused", metadata: ["errors": "\(report.errorCount)", "outcome": "\(outcome)"])
    }

    func failed(_ words: String, outcome: String) {
        if isInteractive { return say("error: \(words)\n\(outcome)") }
        logger.error("configuration not put into service", metadata: ["error": "\(words)", "outcome": "\(outcome)"])
    }

    func stopping(within limit: Duration) {
        let seconds = limit.components.seconds
        if isInteractive {
            return say("stopping: exchanges under way have \(seconds) s; a second signal stops at once")
        }
        logger.info("stopping", metadata: ["seconds": "\(seconds)"])
    }

    private func log(_ report: DiagnosticReport) {
        for diagnostic in report.diagnostics.prefix(DiagnosticReport.shown) {
            var fields: Logger.Metadata = [
                "code": "\(diagnostic.reason.name)", "detail": "\(diagnostic.message)",
                "help": "\(diagnostic.help.joined(separator: "; "))",
            ]
            if let place = diagnostic.location { fields["place"] = "\(place.file):\(place.line):\(place.column)" }
            if let path = diagnostic.keyPath { fields["path"] = "\(path)" }
            let level: Logger.Level = diagnostic.severity == .error ? .error : .warning
            logger.log(level: level, "configuration finding", metadata: fields)
        }
    }

    private func say(_ text: String) {
        sink.write(line: Array((text.withoutLineEnd + "\n").utf8))
    }
}
