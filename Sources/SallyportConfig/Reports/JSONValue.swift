/// A JSON value whose members keep their order, and its text (RFC 8259).
package indirect enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    /// Finite.
    case decimal(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// An object without the members that are nil.
    package static func members(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }

    package static func strings(_ strings: some Sequence<String>) -> JSONValue {
        .array(strings.map(JSONValue.string))
    }

    /// Two spaces a level, one member a line, no line end behind.
    package var pretty: String {
        var text = ""
        write(into: &text, indent: 0, pretty: true)
        return text
    }

    /// On one line.
    package var compact: String {
        var text = ""
        write(into: &text, indent: 0, pretty: false)
        return text
    }

    private func write(into text: inout String, indent: Int, pretty: Bool) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .decimal(let value): text += String(value)
        case .string(let value): Self.quote(value, into: &text)
        case .array(let values):
            Self.list(values, "[", "]", into: &text, indent: indent, pretty: pretty) { value, text in
                value.write(into: &text, indent: indent + 1, pretty: pretty)
            }
        case .object(let members):
            Self.list(members, "{", "}", into: &text, indent: indent, pretty: pretty) { member, text in
                Self.quote(member.name, into: &text)
                text += pretty ? ": " : ":"
                member.value.write(into: &text, indent: indent + 1, pretty: pretty)
            }
        }
    }

    private static func list<Element>(
        _ elements: [Element], _ open: String, _ close: String, into text: inout String, indent: Int, pretty: Bool,
        write: (Element, inout String) -> Void
    ) {
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if pretty { text += "\n" + String(repeating: "  ", count: indent + 1) }
            write(element, &text)
        }
        if pretty && !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
        text += close
    }

    /// Beside what RFC 8259 demands, U+007F, C1 controls and the line separators of JavaScript are escaped.
    private static func quote(_ string: String, into text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _
            where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                || scalar.value == 0x2028 || scalar.value == 0x2029:
                text += "\\u" + hexadecimal(scalar.value)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
