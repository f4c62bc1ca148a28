import Testing

@testable import SallyportPKI

@Suite struct DERCursorTests {
    @Test func readsElementsInOrder() throws {
        var cursor = DERCursor([0x02, 0x01, 0x05, 0x04, 0x00][...])
        #expect(try cursor.next(tag: DERTag.integer).content.elementsEqual([5]))
        #expect(try cursor.next().encoded.elementsEqual([0x04, 0x00]))
        #expect(cursor.isAtEnd)
    }

    /// Each is a way in which two readers could disagree on where a value ends.
    @Test(
        arguments: [
            [0x02], [0x02, 0x01], [0x02, 0x80], [0x02, 0x81, 0x01, 0x00], [0x02, 0x82, 0x00, 0x80], [0x1f, 0x01, 0x00],
            [0x02, 0x84, 0, 0, 0, 1, 0], [0x02, 0xff],
        ] as [[UInt8]])
    func refusesWhatIsNotDER(_ bytes: [UInt8]) {
        #expect(throws: DERFailure.self) {
            var cursor = DERCursor(bytes[...])
            _ = try cursor.next()
        }
    }

    @Test(arguments: [0, 1, 127, 128, 255, 256, 65_535, 65_536]) func writerAndCursorAgree(_ length: Int) throws {
        let content = [UInt8](repeating: 7, count: length)
        let element = try DERCursor.only(DERWriter.octetString(content)[...], tag: DERTag.octetString)
        #expect(Array(element.content) == content)
    }
}
