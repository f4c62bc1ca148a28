import SallyportModel

/// How a line is written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object per line with flat OpenTelemetry names.
    case json
    /// For people.
    case text
}

extension LineBuffer {
    /// `,"name":`
    mutating func appendKey(_ name: StaticString) {
        append(",\"")
        append(name)
        append("\":")
    }

    mutating func appendQuoted(_ text: String) {
        append(UInt8(ascii: "\""))
        appendEscaped(text)
        append(UInt8(ascii: "\""))
    }

    /// A value in a text line: bare when it reads as one word, else quoted.
    mutating func appendWord(_ text: String) {
        let bare =
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        if bare { appendEscaped(text) } else { appendQuoted(text) }
    }

    /// The line that owns up to lost ones.
    mutating func appendLossNotice(_ lost: UInt64, format: LogFormat) {
        switch format {
        case .json:
            append("{\"time\":\"")
            append(timestamp: UnixTime.nanoseconds())
            append("\",\"level\":\"warning\",\"message\":\"log lines were lost\",\"sallyport.log.lost\":")
            append(lost)
            append("}")
        case .text:
            append(timestamp: UnixTime.nanoseconds())
            append(" WARNING log lines were lost sallyport.log.lost=")
            append(lost)
        }
        endLine()
    }
}
