/// Appending text and numbers to a buffer without a `String` in between.
extension [UInt8] {
    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    mutating func append(utf8 text: some StringProtocol) {
        append(contentsOf: text.utf8)
    }

    /// A part of another buffer.
    mutating func append(_ range: Range<Int>, of other: borrowing [UInt8]) {
        other.span.extracting(range).withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    package mutating func append(decimal number: UInt64) {
        append(number, radix: 10)
    }

    /// Upper-case, without leading zeros.
    mutating func append(hex number: UInt64) {
        append(number, radix: 16)
    }

    private mutating func append(_ number: UInt64, radix: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= radix { divisor *= radix }
        while divisor > 0 {
            append(ASCII.hexDigit(UInt8(truncatingIfNeeded: number / divisor % radix)))
            divisor /= radix
        }
    }
}
