import Logging

/// An event on its way to a line.
struct EventLine {
    /// Nanoseconds since 1970.
    var time: Int64
    var level: Logger.Level
    var label: String
    var message: String
    /// In the order they are written.
    var fields: [(name: String, value: Logger.Metadata.Value)]

    /// Names that a field may not take, because the line has them already.
    static let reserved: Set<String> = ["time", "level", "message", "logger"]
    /// Depth of nested metadata that is written.
    static let maximumDepth = 8
}

extension LineBuffer {
    mutating func append(_ event: EventLine, format: LogFormat) {
        switch format {
        case .json: appendJSON(event)
        case .text: appendText(event)
        }
        endLine()
    }

    private mutating func appendJSON(_ event: EventLine) {
        append("{\"time\":\"")
        append(timestamp: event.time)
        append("\",\"level\":\"")
        appendEscaped(event.level.rawValue)
        append("\",\"message\":\"")
        appendEscaped(event.message)
        append("\",\"logger\":\"")
        appendEscaped(event.label)
        append("\"")
        for (name, value) in event.fields {
            append(",\"")
            if EventLine.reserved.contains(name) { append("field.") }
            appendEscaped(name)
            append("\":")
            appendJSON(value, named: name, depth: 0)
        }
        append("}")
    }

    private mutating func appendJSON(_ value: Logger.Metadata.Value, named name: String, depth: Int) {
        if SecretName.matches(name) { return append("\"[redacted]\"") }
        if depth > EventLine.maximumDepth { return append("\"…\"") }
        switch value {
        case .string(let text): appendQuoted(text)
        case .stringConvertible(let value): appendJSON(convertible: value)
        case .array(let values):
            append("[")
            for (index, value) in values.enumerated() {
                if index > 0 { append(",") }
                appendJSON(value, named: name, depth: depth + 1)
            }
            append("]")
        case .dictionary(let members):
            append("{")
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(",") }
                appendQuoted(member.key)
                append(":")
                appendJSON(member.value, named: member.key, depth: depth + 1)
            }
            append("}")
        }
    }

    /// Whole numbers and truth values stay what they are; all else is text.
    private mutating func appendJSON(convertible value: any CustomStringConvertible) {
        switch value {
        case let number as any FixedWidthInteger: append(prepared: Array(number.description.utf8))
        case let truth as Bool: append(truth ? "true" : "false")
        default: appendQuoted(value.description)
        }
    }

    private mutating func appendText(_ event: EventLine) {
        append(timestamp: event.time)
        append(" ")
        append(prepared: Array(event.level.rawValue.uppercased().utf8))
        append(" ")
        appendEscaped(event.message)
        for (name, value) in event.fields {
            append(" ")
            appendWord(name)
            append("=")
            appendText(value, named: name)
        }
    }

    private mutating func appendText(_ value: Logger.Metadata.Value, named name: String) {
        if SecretName.matches(name) { return append("[redacted]") }
        switch value {
        case .string(let text): appendWord(text)
        case .stringConvertible(let value): appendWord(value.description)
        case .array, .dictionary: appendJSON(value, named: name, depth: 0)
        }
    }
}
