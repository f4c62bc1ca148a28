/// Writes arbitrary bytes as the inside of a JSON string (RFC 8259 §7), for JSON and for text lines alike.
///
/// Escaped beyond what JSON asks: DEL and the C1 controls (terminal commands), U+2028 and U+2029 (line ends to
/// JavaScript and to some viewers), the bidirectional controls and U+FEFF (text that reads other than it is). Bytes
/// that are not UTF-8 become U+FFFD, one for each maximal bad part.
enum EscapedText {
    static func append(_ source: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        var start = 0
        var index = 0
        while index < source.count {
            let byte = source[index]
            if isPlain(byte) {
                index += 1
                continue
            }
            output.append(contentsOf: source[start..<index])
            index += byte < 0x80 ? appendASCII(byte, to: &output) : appendScalar(source[index...], to: &output)
            start = index
        }
        output.append(contentsOf: source[start...])
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func appendASCII(_ byte: UInt8, to output: inout [UInt8]) -> Int {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
        case 0x09: output += Array("\\t".utf8)
        case 0x0A: output += Array("\\n".utf8)
        case 0x0D: output += Array("\\r".utf8)
        default: appendEscape(UInt32(byte), to: &output)
        }
        return 1
    }

    /// Appends the scalar at the front and returns how many bytes it took.
    private static func appendScalar(_ rest: Slice<UnsafeBufferPointer<UInt8>>, to output: inout [UInt8]) -> Int {
        let (scalar, length) = decode(rest)
        guard let scalar else {
            appendEscape(0xFFFD, to: &output)
            return length
        }
        if isDeceptive(scalar) {
            appendEscape(scalar, to: &output)
        } else {
            output.append(contentsOf: rest.prefix(length))
        }
        return length
    }

    private static func isDeceptive(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x80...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// The scalar at the front, or nil for a bad part, with the bytes it takes (Unicode 16, table 3-7).
    private static func decode(_ rest: Slice<UnsafeBufferPointer<UInt8>>) -> (scalar: UInt32?, length: Int) {
        let first = rest[rest.startIndex]
        let (length, second): (Int, ClosedRange<UInt8>)
        switch first {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return (nil, 1)
        }
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            guard offset < rest.count else { return (nil, offset) }
            let byte = rest[rest.startIndex + offset]
            guard (offset == 1 ? second : 0x80...0xBF).contains(byte) else { return (nil, offset) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        return (scalar, length)
    }

    private static func appendEscape(_ scalar: UInt32, to output: inout [UInt8]) {
        output += [UInt8(ascii: "\\"), UInt8(ascii: "u")]
        for shift in stride(from: UInt32(12), through: 0, by: -4) {
            output.append(hexDigit(UInt8(scalar >> shift & 15)))
        }
    }
}
