import SallyportAudit
import Testing

@Suite struct AuditRecordTests {
    private let entry = AuditEntry(
        .requestRefused, .refused, at: 1_800_000_000_123_456_789, actor: "alice", issuer: "local",
        subject: "CN=alice \"the first\"", object: "GET /a\\b", reason: "SP3001", rule: "orders", generation: 41,
        request: "r-1", connection: "hs-2", address: "192.0.2.7", detail: "tab\tnul\u{0}del\u{7f}ü€")

    @Test func canonicalFormIsFixed() {
        let record = AuditRecord(sequence: 7, entry: AuditEntry(.keyCreated, .done, at: 5, actor: "os:root", object: "ci"))
        #expect(
            String(decoding: record.canonicalBytes, as: UTF8.self)
                == #"{"v":1,"seq":7,"time":5,"event":"key.created","outcome":"done","actor":"os:root","object":"ci"}"#)
    }

    @Test func whatIsWrittenIsRead() {
        let record = AuditRecord(sequence: .max, entry: entry)
        #expect(AuditRecord(canonical: record.canonicalBytes) == record)
        let least = AuditRecord(sequence: 1, entry: AuditEntry(.gatewayStarted, .done, at: 0))
        #expect(AuditRecord(canonical: least.canonicalBytes) == least)
    }

    @Test(arguments: AuditEvent.allCases) func everyEventIsRead(event: AuditEvent) {
        let record = AuditRecord(sequence: 3, entry: AuditEntry(event, .failed, at: 9, detail: ""))
        #expect(AuditRecord(canonical: record.canonicalBytes) == record)
    }

    @Test(arguments: [
        "", "{}", "{", #"{"v":1}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done"} "#,
        #" {"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done"}"#,
        #"{"v":1,"seq":01,"time":5,"event":"key.created","outcome":"done"}"#,
        #"{"v":1,"seq":-1,"time":5,"event":"key.created","outcome":"done"}"#,
        #"{"v":1,"seq":0,"time":5,"event":"key.created","outcome":"done"}"#,
        #"{"v":1,"seq":9223372036854775808,"time":5,"event":"key.created","outcome":"done"}"#,
        #"{"v":2,"seq":1,"time":5,"event":"key.created","outcome":"done"}"#,
        #"{"v":1,"time":5,"seq":1,"event":"key.created","outcome":"done"}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.eaten","outcome":"done"}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done","detail":"\n"}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done","detail":"\u0041"}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done","detail":"\u000A"}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done","detail":"a","detail":"b"}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done","detail":"a","actor":"b"}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done","secret":"b"}"#,
        #"{"v":1,"seq":1,"time":5,"event":"key.created","outcome":"done","detail":"a}"#,
    ])
    func otherSpellingsAreNoRecord(text: String) {
        #expect(AuditRecord(canonical: Array(text.utf8)) == nil)
    }

    @Test func bytesThatAreNoTextAreNoRecord() {
        var bytes = AuditRecord(sequence: 1, entry: AuditEntry(.keyCreated, .done, at: 5, detail: "xx")).canonicalBytes
        bytes[bytes.count - 3] = 0xff
        #expect(AuditRecord(canonical: bytes) == nil)
        #expect(AuditRecord(canonical: [UInt8](repeating: 0x7b, count: AuditRecord.longestBytes + 1)) == nil)
    }

    @Test func everyCutIsRefused() {
        let bytes = AuditRecord(sequence: 12, entry: entry).canonicalBytes
        for count in bytes.indices { #expect(AuditRecord(canonical: Array(bytes[..<count])) == nil) }
    }

    /// Whatever single byte is changed: it is no record, or another one with other bytes.
    @Test func noTwoSpellings() {
        let bytes = AuditRecord(sequence: 12, entry: entry).canonicalBytes
        for index in bytes.indices {
            var changed = bytes
            for value in [UInt8(ascii: "0"), UInt8(ascii: "\""), UInt8(ascii: "\\"), 0, 0x80, changed[index] ^ 1] {
                changed[index] = value
                guard let record = AuditRecord(canonical: changed) else { continue }
                #expect(record.canonicalBytes == changed)
            }
        }
    }

    @Test func longTextsAreCut() throws {
        let long = String(repeating: "ä", count: 5000)
        let cut = try #require(AuditEntry(.banAdded, .done, at: 1, detail: long).detail)
        #expect(cut.utf8.count <= AuditEntry.longestText)
        #expect(cut.hasSuffix("ä…"))
        let exact = String(repeating: "x", count: AuditEntry.longestText)
        #expect(AuditEntry(.banAdded, .done, at: 1, detail: exact).detail == exact)
    }
}
