import Testing

@testable import SallyportLimits

@Suite struct SipHashTests {
    /// Key 00 01 … 0f, input 00 01 … of the given length; the first are the authors' own, all are those of OpenSSL.
    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"), (7, "a1f1ebbed8dbc153c0b84aa61ff08239"),
        (8, "3b62a9ba6258f5610f83e264f31497b4"), (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
        (16, "6ee2a4ca67b054bbfd3315bf85230577"), (33, "77c6077146f01c32b6b69d5f4ea9ffcf"),
    ])
    func matchesKnownValues(length: Int, expected: String) {
        let bytes = (0..<length).map { UInt8($0) }
        #expect(Self.hex(Self.hash(bytes)) == expected)
    }

    /// Words are read where they can be; that must not show.
    @Test(arguments: 0..<20) func bytesTogetherAreBytesOneByOne(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        for offset in 0..<9 {
            var together = SipHash(key: Self.key)
            for byte in 0..<offset { together.combine(byte: UInt8(byte)) }
            together.combine(bytes.span.bytes)
            #expect(together.finish() == Self.hash((0..<offset).map { UInt8($0) } + bytes))
        }
    }

    /// A number is the same as its eight bytes, wherever it stands.
    @Test(arguments: 0..<9)
    func numbersAreTheirBytes(offset: Int) {
        let before = (0..<offset).map { UInt8($0 + 1) }
        var byNumber = SipHash(key: Self.key)
        for byte in before { byNumber.combine(byte: byte) }
        byNumber.combine(0x1122_3344_5566_7788 as UInt64)
        byNumber.combine(byte: 9)
        let all = before + [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 9]
        #expect(byNumber.finish() == Self.hash(all))
    }

    @Test func partsCannotBeShiftedIntoEachOther() {
        let shifted = [(LimitKeyPart.identity, "a"), (.header, "bc")]
        #expect(Self.limitKey([(.identity, "ab"), (.header, "c")]) != Self.limitKey(shifted))
        #expect(Self.limitKey([(.identity, "a")]) != Self.limitKey([(.header, "a")]))
        #expect(Self.limitKey([(.identity, "a")]) == Self.limitKey([(.identity, "a")]))
    }

    @Test func anotherSecretMakesOtherKeys() {
        var first = LimitKeyHasher(.random())
        var second = LimitKeyHasher(.random())
        first.add(.identity, "alice".utf8)
        second.add(.identity, "alice".utf8)
        #expect(first.key() != second.key())
    }

    static let key = SipHash.Key(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)

    static func hash(_ bytes: [UInt8]) -> (low: UInt64, high: UInt64) {
        var hash = SipHash(key: key)
        for byte in bytes { hash.combine(byte: byte) }
        return hash.finish()
    }

    static func limitKey(_ parts: [(LimitKeyPart, String)]) -> LimitKey {
        var hasher = LimitKeyHasher(key)
        for (part, text) in parts { hasher.add(part, text.utf8) }
        return hasher.key()
    }

    static func hex(_ hash: (low: UInt64, high: UInt64)) -> String {
        [hash.low, hash.high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
