import Testing

@testable import SallyportCluster

@Suite struct RESPDecoderTests {
    /// What was sent, and what it is.
    static let replies: [(String, RESPValue)] = [
        ("+OK\r\n", .simple("OK")), ("+\r\n", .simple("")),
        ("-NOSCRIPT No matching\r\n", .error("NOSCRIPT No matching")),
        (":42\r\n", .integer(42)), (":-7\r\n", .integer(-7)), (":+3\r\n", .integer(3)),
        (":9223372036854775807\r\n", .integer(.max)), (":-9223372036854775808\r\n", .integer(.min)),
        ("$5\r\nhel\r\n\r\n", .bulk(Array("hel\r\n".utf8))), ("$0\r\n\r\n", .bulk([])), ("$-1\r\n", .null),
        ("*-1\r\n", .null), ("_\r\n", .null), ("#t\r\n", .boolean(true)), ("#f\r\n", .boolean(false)),
        (",3.25\r\n", .number("3.25")), ("(3492890328409238509324850943850943825024385\r\n",
            .number("3492890328409238509324850943850943825024385")),
        ("!5\r\nERR x\r\n", .error("ERR x")), ("=7\r\ntxt:abc\r\n", .bulk(Array("txt:abc".utf8))),
        ("*0\r\n", .array([])), ("%0\r\n", .map([])),
        ("*3\r\n:1\r\n*2\r\n+a\r\n_\r\n$1\r\nx\r\n",
            .array([.integer(1), .array([.simple("a"), .null]), .bulk([0x78])])),
        ("%2\r\n+a\r\n:1\r\n+b\r\n~1\r\n:2\r\n", .map([.simple("a"), .integer(1), .simple("b"), .set([.integer(2)])])),
        (">2\r\n+invalidate\r\n:1\r\n", .push([.simple("invalidate"), .integer(1)])),
    ]

    @Test(arguments: replies)
    func readsAReplyHoweverItIsCut(text: String, value: RESPValue) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var decoder = RESPDecoder()
            decoder.receive(Array(bytes[..<cut]).span)
            let early = try decoder.next()
            #expect(early == (cut == bytes.count ? value : nil))
            decoder.receive(Array(bytes[cut...]).span)
            if early == nil { #expect(try decoder.next() == value) }
            #expect(try decoder.next() == nil)
        }
    }

    @Test func readsRepliesByteByByteOneAfterTheOther() throws {
        var decoder = RESPDecoder()
        var found: [RESPValue] = []
        for byte in Self.replies.flatMap({ Array($0.0.utf8) }) {
            decoder.receive([byte].span)
            while let value = try decoder.next() { found.append(value) }
        }
        #expect(found == Self.replies.map(\.1))
    }

    @Test(arguments: [
        "x\r\n", "\r\n", "+OK\n", "+O\rK\r\n", ":\r\n", ":1a\r\n", ":9223372036854775808\r\n",
        ":12345678901234567890\r\n",
        "$-2\r\n", "$x\r\n", "$3\r\nabcd\r\n", "$?\r\n", "*-2\r\n", "*?\r\n", "#x\r\n", "_x\r\n",
        "|1\r\n+a\r\n+b\r\n+OK\r\n",
        "%-1000\r\n",
    ])
    func refusesWhatIsNoReply(text: String) {
        #expect(Self.fault(text) == .malformed)
    }

    private static let megabyte = "$1048576\r\n" + String(repeating: "a", count: 1_048_576) + "\r\n"
    private static let nulls = "*5000\r\n" + String(repeating: "_\r\n", count: 4999)
    private static let tooLarge: [(String, RESPFault)] = [
        ("$1048577\r\n", .tooLong), ("*10001\r\n", .tooMany), ("%5001\r\n", .tooMany),
        ("*9223372036854775807\r\n", .tooMany), (String(repeating: "*1\r\n", count: 9), .tooDeep),
        (String(repeating: nulls, count: 3), .tooMany), ("+" + String(repeating: "a", count: 8200), .tooLong),
        ("*5\r\n" + String(repeating: megabyte, count: 5), .tooLong),
    ]

    @Test(arguments: tooLarge)
    func refusesWhatIsLargerThanAnyReply(text: String, fault: RESPFault) {
        #expect(Self.fault(text) == fault)
    }

    /// What follows a fault cannot be understood any more.
    @Test func staysBrokenAfterAFault() {
        var decoder = RESPDecoder()
        decoder.receive(Array("x\r\n".utf8).span)
        #expect(throws: RESPFault.malformed) { try decoder.next() }
        decoder.receive(Array("+OK\r\n".utf8).span)
        #expect(throws: RESPFault.malformed) { try decoder.next() }
    }

    @Test func writesCommands() {
        #expect(RESPCommand("HELLO", "3").bytes == Array("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n".utf8))
        #expect(RESPCommand([[0, 13, 10]]).bytes == Array("*1\r\n$3\r\n".utf8) + [0, 13, 10, 13, 10])
    }

    static func fault(_ text: String) -> RESPFault? {
        var decoder = RESPDecoder()
        decoder.receive(Array(text.utf8).span)
        do throws(RESPFault) {
            while try decoder.next() != nil {}
            return nil
        } catch {
            return error
        }
    }
}
