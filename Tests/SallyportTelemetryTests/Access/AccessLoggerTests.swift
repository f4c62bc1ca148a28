import Foundation
import SallyportModel
import Testing

@testable import SallyportTelemetry

@Suite struct AccessLoggerTests {
    static let alice = Identity(
        names: ["alice"],
        certificate: CertificateFacts(
            subject: "CN=alice,O=Evil\"\n Corp", issuer: "CN=ca", serial: "0A1B", notBefore: 0, notAfter: 1,
            fingerprint: [], der: []),
        authority: "local")
    static let connection = AccessConnection(
        listener: "main", peerAddress: "2001:db8::1", peerPort: 51_234, sni: "localhost", tls: AccessTLS(version: "TLSv1.3", cipherSuite: "TLS_AES_128_GCM_SHA256", group: "X25519MLKEM768", resumed: false),
        identity: alice)

    static func record(
        _ line: String = "GET /orders/1?secret=x HTTP/1.1", status: UInt16 = 200, reason: Reason? = nil,
        connection: AccessConnection = connection
    ) -> AccessRecord {
        let head = Array(line.utf8)
        let space = head.firstIndex(of: UInt8(ascii: " ")) ?? 0
        let end = head.firstIndex(of: UInt8(ascii: "?")) ?? head.count
        return AccessRecord(
            time: 1_795_440_781_123_456_789, duration: 412, connection: connection, head: head,
            method: 0..<UInt32(space), path: UInt32(space + 1)..<UInt32(end), hasQuery: true, host: "localhost",
            status: status, reason: reason, requestBytes: 5, responseBytes: 93, route: "orders",
            upstream: "http://127.0.0.1:9000",
            upstreamDuration: 201, id: RequestID(high: 1, low: 0xABCD), generation: 7)
    }

    private func line(_ record: AccessRecord, _ format: LogFormat) -> String {
        var buffer = LineBuffer()
        buffer.append(record, format: format)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    private func object(_ record: AccessRecord) throws -> [String: Any] {
        let line = line(record, .json)
        #expect(line.last == "\n")
        #expect(!line.dropLast().contains { $0.isNewline })
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test func jsonHasTheContractedNames() throws {
        var object = try object(Self.record(status: 403, reason: .identityNotAllowed))
        #expect(object.removeValue(forKey: "sallyport.query") as? Bool == true)
        #expect(object.removeValue(forKey: "tls.resumed") as? Bool == false)
        let expected: [String: String] = [
            "time": "2026-11-23T13:33:01.123456Z", "level": "info", "message": "request", "http.request.method": "GET",
            "server.address": "localhost", "url.path": "/orders/1",
            "http.response.status_code": "403", "http.route": "orders", "sallyport.decision": "refuse",
            "sallyport.reason": "SP3001", "client.address": "2001:db8::1", "client.port": "51234",
            "sallyport.listener": "main",
            "tls.protocol.version": "TLSv1.3", "tls.cipher": "TLS_AES_128_GCM_SHA256", "tls.group": "X25519MLKEM768",
            "tls.client.server_name": "localhost", "sallyport.identity": "alice",
            "tls.client.subject": "CN=alice,O=Evil\"\n Corp", "tls.client.serial": "0A1B",
            "http.request.body.size": "5",
            "http.response.body.size": "93", "sallyport.duration_us": "412",
            "sallyport.upstream": "http://127.0.0.1:9000",
            "sallyport.upstream_us": "201", "sallyport.request_id": "0000000000000001000000000000abcd",
            "sallyport.generation": "7",
        ]
        #expect(object.mapValues { "\($0)" } == expected)
    }

    @Test func queryValuesAreNeverWritten() {
        #expect(!line(Self.record(), .json).contains("secret"))
        #expect(!line(Self.record(), .text).contains("secret"))
    }

    @Test func decisionTellsRefusalFromUpstreamFailure() {
        let failed = Reason(
            5998, "Test", status: 502, origin: .upstream, explanation: "A reason for a test.", fix: "None needed.")
        #expect(Self.record().decision.description == "allow")
        #expect(Self.record(reason: failed).decision.description == "allow")
        #expect(Self.record(reason: .noRoute).decision.description == "refuse")
    }

    @Test(arguments: [
        "GET /a\n{\"forged\":true}", "GET /\u{1B}]0;x\u{07}", "GET /\"},{\"a\":\"", "\u{202E}GET /x", "G\0T /\r\n",
    ])
    func nothingFromThePeerEndsALine(_ text: String) throws {
        _ = try object(Self.record(text))
        let line = line(Self.record(text), .text)
        #expect(line.utf8.filter { $0 < 0x20 }.count == 1)
    }

    @Test func aRecordWithoutHeadIsStillALine() throws {
        let connection = AccessConnection(
            listener: "plain", peerAddress: "10.0.0.1", peerPort: 1, sni: nil, tls: nil, identity: nil)
        let object = try object(
            AccessRecord(time: 0, connection: connection, id: .random(), generation: 1))
        #expect(object["url.path"] as? String == "")
        #expect(object["sallyport.identity"] == nil)
    }

    @Test func fingerprintsStandWithTheConnection() throws {
        let connection = AccessConnection(
            listener: "main", peerAddress: "10.0.0.1", peerPort: 1, sni: nil, tls: nil, identity: nil,
            ja3: "ada70206e40642a3e4461f35503241d5", ja4: "t13d1516h2_8daaf6152771_e5627efa2ab1")
        let object = try object(AccessRecord(time: 0, connection: connection, id: .random(), generation: 1))
        #expect(object["tls.client.ja3"] as? String == "ada70206e40642a3e4461f35503241d5")
        #expect(object["tls.client.ja4"] as? String == "t13d1516h2_8daaf6152771_e5627efa2ab1")
    }

    @Test func rangesOutsideTheHeadAreEmptyNotACrash() throws {
        var record = Self.record()
        record.path = 500..<900
        #expect(try object(record)["url.path"] as? String == "")
    }

    @Test func textReadsAtAGlance() {
        #expect(
            line(Self.record(), .text)
                == "2026-11-23T13:33:01.123456Z 200 GET localhost/orders/1?… client=[2001:db8::1]:51234 identity=alice "
                + "listener=main route=orders upstream=http://127.0.0.1:9000 bytes=93 us=412 "
                + "id=0000000000000001000000000000abcd\n")
    }

    @Test func everyRecordOfEveryLoopArrives() async throws {
        let directory = try Scratch()
        let file = directory.path("access.log")
        let logger = try AccessLogger(.file(file), format: .json, shards: 3)
        await withTaskGroup(of: Void.self) { group in
            for loop in 0..<3 {
                group.addTask { for _ in 0..<3000 { logger.record(Self.record(), loop: loop) } }
            }
        }
        #expect(logger.flush(limit: .seconds(10)))
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 9000)
        logger.close()
    }

    @Test func whatDoesNotFitIsCounted() {
        let shards = AccessShards(format: .json, count: 1)
        var outcomes: [AccessShards.Outcome: Int] = [:]
        for _ in 0..<AccessShards.maximumRecords + 10 {
            outcomes[shards.append(Self.record(), to: -1), default: 0] += 1
        }
        #expect(outcomes == [.queued: AccessShards.maximumRecords - 1, .fillingUp: 1, .lost: 10])
        var writer = LogWriter(LogDescriptor(borrowing: -1, name: "nothing"), format: .json)
        #expect(shards.drain(into: &writer) == 10)
        #expect(shards.isEmpty)
    }

    @Test func hugeHeadsAreBoundedByBytes() {
        let shards = AccessShards(format: .json, count: 1)
        let record = Self.record("GET /" + String(repeating: "a", count: 40_000))
        var lost = 0
        for _ in 0..<1000 where shards.append(record, to: 0) == .lost { lost += 1 }
        #expect(lost == 1000 - AccessShards.maximumHeldBytes / record.head.count)
    }

    @Test func withoutAnOutputNothingHappens() throws {
        let logger = try AccessLogger(nil, format: .json, shards: 1)
        logger.record(Self.record())
        #expect(logger.flush())
    }
}
