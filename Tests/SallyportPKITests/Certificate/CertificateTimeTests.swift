import Foundation
import Testing

@testable import SallyportPKI

@Suite struct CertificateTimeTests {
    private func element(_ text: String, _ tag: UInt8) throws -> DERElement {
        var cursor = DERCursor(DERWriter.element(tag, Array(text.utf8))[...])
        return try cursor.next()
    }

    @Test(arguments: [
        ("700101000000Z", DERTag.utcTime, 0), ("491231235959Z", DERTag.utcTime, 2_524_607_999),
        ("500101000000Z", DERTag.utcTime, -631_152_000), ("20500101000000Z", DERTag.generalizedTime, 2_524_608_000),
        ("20240229120000Z", DERTag.generalizedTime, 1_709_208_000),
        ("00010101000000Z", DERTag.generalizedTime, -62_135_596_800),
    ])
    func readsBothForms(_ text: String, _ tag: UInt8, _ seconds: Int64) throws {
        #expect(try CertificateTime.seconds(element(text, tag)) == seconds)
    }

    @Test(arguments: [
        "7001010000Z", "700101000000", "700101000000+0100", "701301000000Z", "700230000000Z", "230229000000Z",
        "700101240000Z", "700101000060Z", "70010100000aZ", "", "19700101000000Z",
    ])
    func refusesOtherForms(_ text: String) {
        #expect(throws: DERFailure.self) { try CertificateTime.seconds(element(text, DERTag.utcTime)) }
    }

    @Test func agreesWithFoundation() {
        let formatter = ISO8601DateFormatter()
        for seconds in stride(from: Int64(-5_000_000_000), to: 20_000_000_000, by: 86_399_987) {
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
                .replacingOccurrences(of: "T", with: " ")
            #expect(CertificateTime.text(seconds) == expected)
        }
    }
}
