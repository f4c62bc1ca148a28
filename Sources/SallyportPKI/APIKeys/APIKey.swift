import Crypto
import FoundationEssentials

/// An API key: `sp_`, 256 random bits and a checksum, 52 characters that a double click selects as a whole. The prefix
/// lets scanners find a key that leaked; the checksum tells a slip from a key that is not known.
///
/// A secret: it is shown once, when it is made, and kept nowhere.
package struct APIKey: Sendable {
    static let prefix = "sp_"
    private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    /// 62 to the 43rd is more than 2 to the 256th.
    private static let randomLetters = 43
    private static let checksumLetters = 6
    package static let length = prefix.utf8.count + randomLetters + checksumLetters

    package let text: String

    /// A new one.
    package init() {
        let random = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        let head = Array(Self.prefix.utf8) + Self.encode(random, count: Self.randomLetters)
        text = String(decoding: head + Self.checksum(of: head), as: UTF8.self)
    }

    /// What a client sent.
    /// - Returns: nil for what no gateway of this kind has made.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length, bytes.starts(with: Self.prefix.utf8) else { return nil }
        let head = Array(bytes.prefix(Self.length - Self.checksumLetters))
        guard Self.checksum(of: head).elementsEqual(bytes.dropFirst(head.count)),
            head.dropFirst(Self.prefix.utf8.count).allSatisfy(Self.letters.contains)
        else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a client meant an API key: such a text is never sent to anybody else as a token.
    package static func isMeant(by bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: prefix.utf8) }

    /// What is kept: SHA-256. A slow hash protects what people choose; 256 random bits cannot be guessed at any speed,
    /// and a slow hash for each request would be an attack that comes for free.
    package var digest: [UInt8] { Array(SHA256.hash(data: Data(text.utf8))) }

    /// The first bits of SHA-256, which is a checksum like any other here.
    private static func checksum(of head: [UInt8]) -> [UInt8] {
        encode(Array(SHA256.hash(data: Data(head)).prefix(4)), count: checksumLetters)
    }

    /// The number that the bytes are, to base 62, with leading zeros.
    private static func encode(_ bytes: [UInt8], count: Int) -> [UInt8] {
        var number = bytes
        let digits = (0..<count).map { _ in
            var rest = 0
            for index in number.indices {
                rest = rest << 8 | Int(number[index])
                number[index] = UInt8(rest / 62)
                rest %= 62
            }
            return letters[rest]
        }
        return digits.reversed()
    }
}
