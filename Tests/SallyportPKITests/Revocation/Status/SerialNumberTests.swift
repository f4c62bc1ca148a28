import Testing

@testable import SallyportPKI

@Suite struct SerialNumberTests {
    @Test(arguments: [
        ([0x01], "01"), ([0x00], "00"), ([0x00, 0xff], "FF"), ([0x0a, 0x1b], "0A1B"), ([0x00, 0x00, 0x05], "05"),
        ([UInt8](repeating: 0x7f, count: 20), String(repeating: "7F", count: 20)),
        ([0] + [UInt8](repeating: 0x80, count: 20), String(repeating: "80", count: 20)),
        ([0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x03], "010000000000000000020003"),
    ] as [([UInt8], String)])
    func keepsItsValue(_ content: [UInt8], _ text: String) throws {
        let number = try #require(SerialNumber(content))
        #expect(number.text == text)
        #expect(SerialNumber(hexadecimal: text) == number)
        #expect(SerialNumber(number.content) == number)
    }

    @Test(arguments: [[], [0x80], [0xff, 0x01], [UInt8](repeating: 1, count: 21)] as [[UInt8]])
    func isNone(_ content: [UInt8]) { #expect(SerialNumber(content) == nil) }

    @Test(arguments: ["", ":", "xyz", "0A 1B", String(repeating: "A", count: 41), String(repeating: "0", count: 200)])
    func isNoText(_ text: String) { #expect(SerialNumber(hexadecimal: text) == nil) }

    @Test func differentNumbersDiffer() {
        let numbers = (0..<20).map { place in
            SerialNumber((0..<20).map { $0 == place ? UInt8(1) : 0 })
        }
        #expect(Set(numbers).count == 20)
        #expect(SerialNumber(hexadecimal: "a:1b") == SerialNumber([0x0a, 0x1b]))
    }
}
