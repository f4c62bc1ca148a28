import Testing

@testable import SallyportPKI

@Suite struct RawDistinguishedNameTests {
    private func name(_ attributes: [(type: [UInt8], tag: UInt8, value: [UInt8])]) throws -> RawDistinguishedName {
        let sets = attributes.map { attribute in
            DERWriter.element(
                DERTag.set,
                DERWriter.sequence(
                    DERWriter.element(DERTag.objectIdentifier, attribute.type),
                    DERWriter.element(attribute.tag, attribute.value)))
        }
        return try RawDistinguishedName(der: DERWriter.element(DERTag.sequence, sets.flatMap(\.self))[...])
    }

    private let common = RawDistinguishedName.Attribute.commonName
    private let organization = RawDistinguishedName.Attribute.organization

    @Test(arguments: [
        ("alice", "CN=alice"), ("a,b", "CN=a\\,b"), ("a+b=c", "CN=a\\+b=c"), (" a ", "CN=\\ a\\ "), ("#a", "CN=\\#a"),
        ("a\"\\<>;", "CN=a\\\"\\\\\\<\\>\\;"), ("a\nb", "CN=a\\0Ab"), ("a\0b", "CN=a\\00b"),
        ("\u{202e}x", "CN=\\E2\\80\\AEx"),
        ("é", "CN=é"), ("a\u{1b}[31m", "CN=a\\1B[31m"),
    ])
    func escapes(_ value: String, _ text: String) throws {
        #expect(try name([(common, DERTag.utf8String, Array(value.utf8))]).text == text)
    }

    @Test func bytesThatAreNoTextStayApart() throws {
        let one = try name([(common, DERTag.utf8String, [0x61, 0xff])])
        let other = try name([(common, DERTag.utf8String, [0x61, 0xfe])])
        #expect(one.text == "CN=a\\FF" && other.text == "CN=a\\FE")
        #expect(one.attributes.allSatisfy { $0.safeText == nil })
        #expect(
            try name([(common, DERTag.printableString, Array("é".utf8))]).attributes.allSatisfy { $0.safeText == nil })
    }

    @Test func mostSignificantFirstAndUnknownTypesInHexadecimal() throws {
        let full = try name([
            (organization, DERTag.printableString, Array("Example".utf8)), (common, DERTag.utf8String, Array("a".utf8)),
            ([42, 3, 4], DERTag.utf8String, Array("x".utf8)), (common, 0x1e, [0, 0x61]),
        ])
        #expect(full.text == "CN=#1E020061,1.2.3.4=#0C0178,CN=a,O=Example")
    }
}
