import SallyportModel

struct AccessLogDraft: Sendable {
    var destination: Located<AccessLog.Destination>?
    var format: AccessLog.Format
    var because: Because
    var path: KeyPath
}

struct ObservabilityDraft: Sendable {
    var accessLog: AccessLogDraft?
    var metrics: MetricsDraft?
    var tracing: TraceDraft?
}

enum ObservabilitySection {
    static let accessLog = Field("accessLog", AccessLogSection.type, "The record of every request and refusal.")
    static let metrics = Field(
        "metrics", MetricsSection.type, otherwise: "nothing is answered", "What is counted, for Prometheus and its kin.")
    static let otlp = Field("otlp", TraceSection.type, otherwise: "no traces", "Traces of requests, for a collector.")

    static let type = ValueType.record("`observability`", [accessLog.row, metrics.row, otlp.row]) { record in
        ObservabilityDraft(
            accessLog: record[accessLog]?.value, metrics: record[metrics]?.value, tracing: record[otlp]?.value)
    }
}

enum AccessLogSection {
    private static let defaults = AccessLog()
    static let to = DefaultedField(
        "to", .logDestination(), default: defaults.to,
        "Where records go: a file is opened for append and anew on reload.",
        danger: "Without a record nobody can say afterwards who did what; `none` needs `because`.")
    static let format = DefaultedField(
        "format", .choice(noun: "access-log format"), default: defaults.format,
        "One JSON object a line for programs, or one line of text for people.")
    static let because = Because.field("when `to` is none")

    static let type = ValueType.record("`accessLog`", [to.row, format.row, because.row]) { record in
        AccessLogDraft(
            destination: record.located(to), format: record[format], because: record.because(because), path: record.path
        )
    }
}

extension ValueType<AccessLog.Destination> {
    static func logDestination() -> ValueType {
        let words = ["stdout", "stderr", "none"]
        let shape = ScalarShape(
            words: "stdout, stderr, none or file:PATH", pattern: "stdout|stderr|none|file:.+",
            examples: words + ["file:/var/log/sallyport/access.log"])
        return ValueType(shape: .scalar(shape)) { node, path, session in
            guard let text = singleText(node, shape, path, session) else { return nil }
            do throws(ValueError) {
                return try destination(text) { session.absolute($0, namedAt: node.span) }
            } catch {
                session.report(error, at: node.span, path: path)
                return nil
            }
        } text: {
            $0.text
        }
    }

    private static func destination(
        _ text: String, absolute: (String) -> String
    ) throws(ValueError) -> AccessLog.Destination {
        switch text {
        case "stdout": return .stdout
        case "stderr": return .stderr
        case "none": return .none
        default:
            let file = text.dropFirst("file:".count)
            if text.hasPrefix("file:"), !file.isEmpty {
                try ValueType<String>.checkLine(text, "a path", maximum: 4096)
                return .file(absolute(String(file)))
            }
            var error = ValueError.unknown(
                "access-log destination", text, choices: ["stdout", "stderr", "none", "file:PATH"])
            if text.contains("/") { error.help = ["write file:\(text)"] }
            throw error
        }
    }
}

extension AccessLog.Destination {
    /// As it stands in a file.
    package var text: String {
        switch self {
        case .stdout: "stdout"
        case .stderr: "stderr"
        case .none: "none"
        case .file(let path): "file:" + path
        }
    }
}

extension ConfigurationCheck {
    mutating func accessLog() -> AccessLog {
        guard let draft = draft.observability?.accessLog else { return AccessLog() }
        let destination = draft.destination?.value ?? AccessLog().to
        accept(
            destination == .none ? "requests are not recorded" : nil, draft.because, path: draft.path,
            at: draft.destination?.span, fix: "add `because: \"…\"` beside `to`, or use to: stdout")
        return AccessLog(to: destination, format: draft.format)
    }
}
