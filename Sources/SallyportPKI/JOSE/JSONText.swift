import SallyportConfig

/// Strict reader of JSON from a peer (RFC 8259), as I-JSON wants it (RFC 7493): UTF-8, no name twice in an object, no
/// lone surrogates, whole numbers only unless asked. What two readers could take differently is refused.
package struct JSONText {
    /// Objects and arrays inside each other.
    static let maximumDepth = 16

    private var rest: ArraySlice<UInt8>
    private let takesDecimals: Bool

    private init(_ bytes: ArraySlice<UInt8>, takesDecimals: Bool) {
        rest = bytes
        self.takesDecimals = takesDecimals
    }

    /// - Parameters:
    ///   - limit: bytes; more is refused without being read.
    ///   - takesDecimals: also take numbers that are not whole, as the claims of a token may be.
    package static func parse(
        _ bytes: [UInt8], limit: Int = 64 << 10, takesDecimals: Bool = false
    ) throws(JOSEFailure) -> JSONValue {
        guard bytes.count <= limit else { throw malformed("it has more than \(limit) bytes") }
        var reader = JSONText(bytes[...], takesDecimals: takesDecimals)
        let value = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.rest.isEmpty else { throw malformed("something follows the value") }
        return value
    }

    private mutating func value(depth: Int) throws(JOSEFailure) -> JSONValue {
        skipBlanks()
        guard depth <= Self.maximumDepth else { throw Self.malformed("it is too deep") }
        switch rest.first {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JOSEFailure) -> [JSONValue.Member] {
        rest.removeFirst()
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        if take(UInt8(ascii: "}")) { return [] }
        repeat {
            skipBlanks()
            guard rest.first == UInt8(ascii: "\"") else { throw Self.malformed("a name is missing") }
            let name = try string()
            guard names.insert(name).inserted else { throw Self.malformed("an object has a name twice") }
            guard take(UInt8(ascii: ":")) else { throw Self.malformed("a colon is missing") }
            members.append(.init(name, try value(depth: depth + 1)))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw Self.malformed("an object does not end") }
        return members
    }

    private mutating func array(depth: Int) throws(JOSEFailure) -> [JSONValue] {
        rest.removeFirst()
        var values: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return [] }
        repeat { values.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw Self.malformed("an array does not end") }
        return values
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JOSEFailure) -> JSONValue {
        guard rest.starts(with: word.utf8) else { throw Self.malformed("there is no value") }
        rest = rest.dropFirst(word.utf8.count)
        return value
    }

    private mutating func number() throws(JOSEFailure) -> JSONValue {
        var text: [UInt8] = []
        if rest.first == UInt8(ascii: "-") { text.append(rest.removeFirst()) }
        let digits = take(while: \.isASCIIDigit)
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else {
            throw Self.malformed("there is no value")
        }
        text += digits
        guard rest.first == UInt8(ascii: ".") || rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") else {
            guard let value = Int(String(decoding: text, as: UTF8.self)) else { throw Self.notWhole }
            return .integer(value)
        }
        guard takesDecimals else { throw Self.notWhole }
        text += try fraction()
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { throw Self.notWhole }
        return .decimal(value)
    }

    /// What follows the digits before the point: `.5`, `e-3`, `.5E+7`.
    private mutating func fraction() throws(JOSEFailure) -> [UInt8] {
        var text: [UInt8] = []
        if rest.first == UInt8(ascii: ".") {
            text.append(rest.removeFirst())
            let digits = take(while: \.isASCIIDigit)
            guard !digits.isEmpty else { throw Self.notWhole }
            text += digits
        }
        guard let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") else { return text }
        text.append(rest.removeFirst())
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            text.append(rest.removeFirst())
        }
        let digits = take(while: \.isASCIIDigit)
        guard !digits.isEmpty else { throw Self.notWhole }
        return text + digits
    }

    private mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = rest.prefix(while: isWanted)
        rest = rest[taken.endIndex...]
        return taken
    }

    private static let notWhole = malformed("a number is not whole or too great")

    private mutating func string() throws(JOSEFailure) -> String {
        rest.removeFirst()
        var text: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw Self.malformed("a text is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
            case ..<0x20: throw Self.malformed("a text has control characters")
            default: text.append(byte)
            }
        }
        throw Self.malformed("a text does not end")
    }

    private mutating func escape() throws(JOSEFailure) -> Unicode.Scalar {
        switch rest.popFirst() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedScalar()
        default: throw Self.malformed("an escape is unknown")
        }
    }

    private mutating func escapedScalar() throws(JOSEFailure) -> Unicode.Scalar {
        var number = try fourDigits()
        if (0xd800..<0xdc00).contains(number) {
            guard rest.starts(with: "\\u".utf8) else { throw Self.malformed("a surrogate stands alone") }
            rest = rest.dropFirst(2)
            let low = try fourDigits()
            guard (0xdc00..<0xe000).contains(low) else { throw Self.malformed("a surrogate stands alone") }
            number = 0x10000 + (number - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(number) else { throw Self.malformed("a surrogate stands alone") }
        return scalar
    }

    private mutating func fourDigits() throws(JOSEFailure) -> UInt32 {
        let digits = rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy(\.isHexadecimalDigit),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw Self.malformed("an escape is unknown") }
        rest = rest.dropFirst(4)
        return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }
    }

    private static func malformed(_ detail: String) -> JOSEFailure {
        JOSEFailure(.malformed, "not strict JSON: \(detail)")
    }
}

extension JSONValue {
    /// The member of an object; nil when this is none or has no such member.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var elements: [JSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    package var number: Int? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    package var truth: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }
}
