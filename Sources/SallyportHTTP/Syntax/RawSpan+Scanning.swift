/// Reading bytes, eight at a time where it pays. Every access is bounds-checked.
extension RawSpan {
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        precondition(UInt(bitPattern: offset) < UInt(bitPattern: byteCount))
        return unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// Eight bytes with the first in the lowest place.
    @inline(__always)
    private func word(_ offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset &+ 8 <= byteCount)
        return UInt64(littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The offset of the first LF at or after `start`, or nil.
    func firstLineFeed(from start: Int) -> Int? {
        var offset = start
        while offset &+ 8 <= byteCount {
            let hits = SWAR.zeroes(word(offset) ^ SWAR.repeating(ASCII.lineFeed))
            if hits != 0 { return offset &+ hits.trailingZeroBitCount / 8 }
            offset &+= 8
        }
        while offset < byteCount {
            if byte(offset) == ASCII.lineFeed { return offset }
            offset &+= 1
        }
        return nil
    }

    /// The offset of the first control character other than TAB at or after `start`, or the end of the span.
    func firstControl(from start: Int) -> Int {
        var offset = start
        while offset &+ 8 <= byteCount {
            let hits = SWAR.controls(word(offset))
            guard hits != 0 else {
                offset &+= 8
                continue
            }
            offset &+= hits.trailingZeroBitCount / 8
            guard byte(offset) == ASCII.tab else { return offset }
            offset &+= 1
        }
        while offset < byteCount, !ASCII.isControl(byte(offset)) { offset &+= 1 }
        return offset
    }

    /// Whether the bytes of `range` are this text, whatever the case of ASCII letters.
    /// - Parameter lowercase: letters in lower case; not empty; no byte outside ASCII.
    @inline(__always)
    func matches(_ range: Range<Int>, _ lowercase: StaticString) -> Bool {
        guard range.count == lowercase.utf8CodeUnitCount,
            ASCII.lowercase(byte(range.lowerBound)) == lowercase.utf8Start.pointee
        else { return false }
        return matchesRest(range, lowercase)
    }

    private func matchesRest(_ range: Range<Int>, _ lowercase: StaticString) -> Bool {
        lowercase.withUTF8Buffer { text in
            var index = 1
            while index < range.count, ASCII.lowercase(byte(range.lowerBound &+ index)) == text[index] { index &+= 1 }
            return index == range.count
        }
    }

    /// Whether the bytes of `range` are exactly this text.
    func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            for index in 0..<range.count where byte(range.lowerBound + index) != text[index] { return false }
            return true
        }
    }

    /// Whether two ranges hold the same bytes, whatever the case of ASCII letters.
    func sameText(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count
        where ASCII.lowercase(byte(left.lowerBound + index)) != ASCII.lowercase(byte(right.lowerBound + index)) {
            return false
        }
        return true
    }
}

/// Arithmetic on eight bytes in a word. The lowest flagged byte is exact; flags above it may be carries.
private enum SWAR {
    static func repeating(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }

    /// Flags bytes that are zero.
    static func zeroes(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }

    /// Flags bytes below 0x20 and 0x7F.
    static func controls(_ word: UInt64) -> UInt64 {
        let below = (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
        return below | zeroes(word ^ 0x7F7F_7F7F_7F7F_7F7F)
    }
}
