/// Writes a flat JSON object in the one spelling that records have.
struct CanonicalWriter {
    private var bytes: [UInt8] = []

    mutating func number(_ name: StaticString, _ value: Int64) {
        key("\(name)")
        bytes += Array(String(value).utf8)
    }

    mutating func text(_ name: String, _ value: String?) {
        guard let value else { return }
        key(name)
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 { escape(byte) }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func key(_ name: String) {
        bytes.append(bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        bytes += Array("\"\(name)\":".utf8)
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0..<0x20, 0x7f: bytes += Array("\\u00".utf8) + [Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
        default: bytes.append(byte)
        }
    }

    static let digits = Array("0123456789abcdef".utf8)
}

/// Reads what `CanonicalWriter` writes, key by key in its order. What is spelt otherwise is not there, and then the end
/// is not reached.
struct CanonicalReader {
    private let bytes: [UInt8]
    private var place = 0
    private var isFirst = true

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether nothing but the closing brace is left.
    var isAtEnd: Bool { !isFirst && bytes.count == place + 1 && bytes[place] == UInt8(ascii: "}") }

    /// The number under this key, if it is the next one. Not negative, without leading zeros.
    mutating func number(_ name: String) -> Int64? {
        let start = place
        guard key(name) else { return nil }
        let digits = bytes[place...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard digits.count == 1 || digits.first != UInt8(ascii: "0"),
            let value = Int64(String(decoding: digits, as: UTF8.self))
        else { return back(to: start) }
        place += digits.count
        return value
    }

    /// The text under this key, if it is the next one.
    mutating func text(_ name: String) -> String? {
        let start = place
        guard key(name), next(UInt8(ascii: "\"")) else { return back(to: start) }
        var value: [UInt8] = []
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            guard let byte = character() else { return back(to: start) }
            value.append(byte)
        }
        guard next(UInt8(ascii: "\"")), let text = String(validating: value, as: UTF8.self) else {
            return back(to: start)
        }
        isFirst = false
        return text
    }

    private mutating func back<Value>(to start: Int) -> Value? {
        place = start
        if start == 0 { isFirst = true }
        return nil
    }

    private mutating func key(_ name: String) -> Bool {
        let wanted = Array("\(isFirst ? "{" : ",")\"\(name)\":".utf8)
        guard bytes[place...].starts(with: wanted) else { return false }
        place += wanted.count
        isFirst = false
        return true
    }

    private mutating func next(_ byte: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private mutating func character() -> UInt8? {
        let byte = bytes[place]
        guard byte == UInt8(ascii: "\\") else {
            guard byte >= 0x20, byte != 0x7f else { return nil }
            place += 1
            return byte
        }
        guard place + 1 < bytes.count else { return nil }
        let escaped = bytes[place + 1]
        if escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") {
            place += 2
            return escaped
        }
        guard bytes[place...].starts(with: "\\u00".utf8), place + 6 <= bytes.count,
            let high = CanonicalWriter.digits.firstIndex(of: bytes[place + 4]),
            let low = CanonicalWriter.digits.firstIndex(of: bytes[place + 5])
        else { return nil }
        let value = UInt8(high << 4 | low)
        guard value < 0x20 || value == 0x7f else { return nil }
        place += 6
        return value
    }
}
