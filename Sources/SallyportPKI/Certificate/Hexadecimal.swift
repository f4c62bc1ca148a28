/// Bytes as hexadecimal text.
enum Hexadecimal {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Upper-case, two digits a byte.
    static func text(_ bytes: some Sequence<UInt8>, separator: String = "") -> String {
        bytes.map { String(decoding: [digits[Int($0 >> 4)], digits[Int($0 & 15)]], as: UTF8.self) }
            .joined(separator: separator)
    }

    /// The bytes that an even number of digits of either case stands for; nil when there is anything else.
    static func bytes(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var first: UInt8?
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            if let upper = first {
                bytes.append(upper << 4 | value)
                first = nil
            } else {
                first = value
            }
        }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
