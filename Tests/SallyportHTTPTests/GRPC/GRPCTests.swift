import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct GRPCTests {
    private func head(_ lines: String..., method: String = "POST") throws -> RequestHead {
        try requestHead("\(method) /a.B/C HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n")
    }

    @Test(arguments: [
        ("application/grpc", true), ("application/grpc+proto", true), ("Application/GRPC; a=b", true),
        ("application/grpc-web", false), ("application/grpc-web+proto", false), ("application/json", false),
        ("application/grp", false), ("", false),
    ])
    func callsAreKnownByTheirContentType(_ type: String, _ isCall: Bool) throws {
        #expect(try head("Content-Type: \(type)").isGRPC == isCall)
        #expect(try !head("Content-Type: \(type)", method: "GET").isGRPC)
    }

    @Test(arguments: [
        ("1H", 3_600_000_000_000 as Int64?), ("2M", 120_000_000_000), ("3S", 3_000_000_000), ("4m", 4_000_000), ("5u", 5000),
        ("6n", 6), ("99999999S", 99_999_999_000_000_000), ("99999999H", Int64.max), ("0n", 0), ("100000000S", nil), ("S", nil),
        ("", nil), ("5", nil), ("5s", nil), ("-5S", nil), ("+5S", nil), ("5.0S", nil), ("5 S", nil), ("５S", nil),
    ])
    func timeoutsAreReadStrictly(_ text: String, _ nanoseconds: Int64?) throws {
        #expect(try head("Grpc-Timeout: \(text)").grpcTimeout == nanoseconds)
    }

    @Test func aTimeoutThatComesTwiceIsNone() throws {
        #expect(try head("Grpc-Timeout: 1S", "grpc-timeout: 2S").grpcTimeout == nil)
    }

    @Test(arguments: [
        (401, 16), (403, 7), (404, 12), (405, 12), (429, 8), (413, 8), (431, 8), (502, 14), (503, 14), (504, 14), (400, 13),
        (408, 4), (500, 2),
    ] as [(UInt16, UInt8)])
    func statusesBecomeCodes(_ status: UInt16, _ code: UInt8) {
        #expect(GRPCStatus(http: status).rawValue == code)
    }

    @Test func everyReasonHasACodeAndAMessageOfOneLine() {
        for reason in Reason.all {
            let fields = GRPCStatus.fields(reason)
            #expect(fields[0].value != "0")
            #expect(fields[1].value.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        }
    }

    @Test func messagesAreEncoded() {
        #expect(GRPCStatus.percentEncoded("100% é\n") == "100%25 %C3%A9%0A")
    }
}
