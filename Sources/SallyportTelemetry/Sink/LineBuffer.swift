/// Bytes of finished log lines on their way to a descriptor, and the ways to put values among them.
///
/// Everything that comes from a peer goes through `appendEscaped`, so no value can end a line, close a JSON string,
/// steer a terminal or turn the direction of the text around it.
package struct LineBuffer: ~Copyable {
    package private(set) var bytes: [UInt8] = []
    /// Finished lines in `bytes`.
    package private(set) var lines = 0
    private var clock = TimestampText()

    package init(capacity: Int = 64 << 10) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        lines = 0
    }

    package mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        lines += 1
    }

    /// Takes over lines that were finished elsewhere.
    mutating func append(finished: [UInt8], lines count: Int) {
        bytes.append(contentsOf: finished)
        lines += count
    }

    package mutating func append(_ literal: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    package mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Bytes that are known to need no escaping.
    mutating func append(raw: UnsafeBufferPointer<UInt8>) {
        bytes.append(contentsOf: raw)
    }

    /// Bytes that are known to need no escaping: made by this module.
    package mutating func append(prepared: [UInt8]) {
        bytes.append(contentsOf: prepared)
    }

    /// Decimal.
    package mutating func append(_ number: UInt64) {
        guard number >= 10 else { return bytes.append(UInt8(truncatingIfNeeded: number) + UInt8(ascii: "0")) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = number
        var first = digits.count
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            first -= 1
            digits[first] = UInt8(truncatingIfNeeded: digit) + UInt8(ascii: "0")
            rest = quotient
        }
        for index in first..<digits.count { bytes.append(digits[index]) }
    }

    /// Sixteen lower-case hex digits.
    package mutating func append(hex number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            bytes.append(hexDigit(UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15))
        }
    }

    /// RFC 3339 in UTC with microseconds.
    ///
    /// - Parameter nanoseconds: Since 1970.
    package mutating func append(timestamp nanoseconds: Int64) {
        clock.append(nanoseconds, to: &bytes)
    }

    package mutating func appendEscaped(_ text: String) {
        var text = text
        text.withUTF8 { EscapedText.append($0, to: &bytes) }
    }

    package mutating func appendEscaped(_ source: [UInt8], _ range: Range<Int>) {
        source.withUnsafeBufferPointer { all in
            EscapedText.append(UnsafeBufferPointer(rebasing: all[range.clamped(to: all.indices)]), to: &bytes)
        }
    }
}

func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}
