import Testing

@testable import SallyportPKI

@Suite struct Base64URLTests {
    @Test func goesThereAndBack() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
    }

    @Test(arguments: ["A", "AAA=", "+/8", "-_9", "A A", "AA\n", "é", "AAAAA"])
    func refusesEveryOtherWriting(text: String) { #expect(Base64URL.decode(text) == nil) }
}
