/// Bytes as hexadecimal text.
enum Hexadecimal {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Upper-case, two digits a byte.
    static func text(_ bytes: some Sequence<UInt8>, separator: String = "") -> String {
        bytes.map { String(decoding: [digits[Int($0 >> 4)], digits[Int($0 & 15)]], as: UTF8.self) }
            .joined(separator: separator)
    }
}
