import SallyportModel
import Testing

@testable import SallyportTLS

@Suite struct ServerFlightReaderTests {
    static func hello(
        version: UInt16 = 0x0303, random: [UInt8] = [UInt8](repeating: 5, count: 32), session: [UInt8] = [],
        suite: UInt16 = 0xC02B, compression: UInt8 = 0, extensions: [(UInt16, [UInt8])]? = nil
    ) -> [UInt8] {
        var body = Wire.uint16(version) + random + Wire.vector8(session) + Wire.uint16(suite) + [compression]
        if let extensions {
            body += Wire.vector16(extensions.flatMap { Wire.uint16($0.0) + Wire.vector16($0.1) })
        }
        return Wire.handshake(type: 2, body)
    }

    static func vector24(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 16)] + Wire.uint16(UInt16(bytes.count & 0xFFFF)) + bytes }
    static let certificate = Wire.handshake(type: 11, vector24(vector24([1, 2, 3]) + vector24([4])))
    static let exchange = Wire.handshake(
        type: 12, [3] + Wire.uint16(0x001D) + Wire.vector8([9, 9]) + Wire.uint16(0x0403) + Wire.vector16([7]))
    static let done = Wire.handshake(type: 14, [])

    static func records(_ message: [UInt8], of size: Int = 16384) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 3] + Wire.vector16(Array(message[start..<min(start + size, message.count)]))
        }
    }

    private func read(_ bytes: [UInt8], pieces: Int = .max) -> ProbeOutcome? {
        var reader = ServerFlightReader()
        var outcome: ProbeOutcome?
        var start = 0
        while start < bytes.count {
            let end = pieces == .max ? bytes.count : min(bytes.count, start + pieces)
            outcome = reader.read(Array(bytes[start..<end]).span)
            start = end
        }
        return outcome
    }

    @Test func aWholeAnswerOfTLS12() throws {
        let hello = Self.hello(extensions: [(0xFF01, [0]), (23, [])])
        let request = Wire.handshake(type: 13, [1, 1, 0, 0, 0])
        let bytes = Self.records(hello + Self.certificate + Self.exchange + request + Self.done)
        let flight = try #require(read(bytes)?.flight)
        #expect(flight.hello.version == .tls12 && flight.hello.suite == 0xC02B)
        #expect(flight.hello.hasSecureRenegotiation && flight.hello.hasExtendedMasterSecret)
        #expect(flight.certificates == [[1, 2, 3], [4]] && flight.asksForClientCertificate)
        #expect(flight.keyExchange == ServerKeyExchange(group: .x25519, scheme: SignatureScheme(rawValue: 0x0403)))
        for pieces in [1, 2, 5, 7] { #expect(read(bytes, pieces: pieces) == .flight(flight)) }
    }

    @Test func theHelloOfTLS13EndsIt() throws {
        let share = Wire.uint16(0x001D) + Wire.vector16([1, 2])
        let bytes = Self.records(Self.hello(suite: 0x1301, extensions: [(43, [3, 4]), (51, share)]))
        let flight = try #require(read(bytes + [20, 3, 3, 0, 1, 1, 23, 3, 3, 0xFF])?.flight)
        #expect(flight.hello.version == .tls13 && flight.hello.group == .x25519 && !flight.hello.isRetryRequest)
    }

    @Test func aRetryRequestNamesItsGroup() throws {
        let bytes = Self.records(
            Self.hello(random: ServerMessages.retryRandom, suite: 0x1302, extensions: [(43, [3, 4]), (51, [0x11, 0xEC])]))
        let flight = try #require(read(bytes)?.flight)
        #expect(flight.hello.isRetryRequest && flight.hello.group == .x25519MLKEM768)
    }

    @Test func aPrimeIsMeasured() throws {
        let prime = [0, 0x80] + [UInt8](repeating: 1, count: 127)
        let body = Wire.vector16(prime) + Wire.vector16([2]) + Wire.vector16([3]) + Wire.uint16(0x0401) + Wire.vector16([7])
        let message = Self.hello(suite: 0x009E) + Self.certificate + Wire.handshake(type: 12, body) + Self.done
        let flight = try #require(read(Self.records(message))?.flight)
        #expect(flight.keyExchange?.primeBits == 1024)
    }

    @Test func anonymousAndOldAnswersAreRead() throws {
        let anonymous = [3] + Wire.uint16(0x0017) + Wire.vector8([9])
        let message = Self.hello(version: 0x0301, suite: 0xC018) + Wire.handshake(type: 12, anonymous) + Self.done
        let flight = try #require(read(Self.records(message))?.flight)
        #expect(flight.keyExchange?.group == .secp256r1)
        let transport = Self.hello(version: 0x0300, suite: 0x000A) + Self.certificate + Self.done
        let old = try #require(read(Self.records(transport))?.flight)
        #expect(old.hello.version == .ssl30)
    }

    @Test func alertsAreAnswers() {
        #expect(read([21, 3, 3, 0, 2, 2, 40]) == .alert(40))
        #expect(read([21, 3, 1, 0, 2, 1, 0]) == .alert(0))
        let warned = [21, 3, 3, 0, 2, 1, 112] + Self.records(Self.hello() + Self.certificate + Self.exchange + Self.done)
        #expect(read(warned)?.flight != nil)
    }

    @Test(arguments: [
        Array("HTTP/1.1 400 Bad Request\r\n".utf8), [22, 2, 0, 0, 1], [22, 3, 3, 0, 0], [22, 3, 3, 0x40, 1],
        [21, 3, 3, 0, 1, 2], [23, 3, 3, 0, 1, 9], [20, 3, 3, 0, 1, 1],
        records(done), records(certificate), records(hello() + hello()),
        records(hello() + exchange + certificate), records(hello(version: 0x0200) + done),
        records(hello(session: [UInt8](repeating: 1, count: 33))),
        records(hello(extensions: [(23, []), (23, [])])), records(hello(extensions: [(43, [3, 4, 0])])),
        records(hello() + Wire.handshake(type: 11, [0, 0, 9, 1])),
        records(hello() + Wire.handshake(type: 11, vector24(vector24([])))),
        records(hello() + certificate + Wire.handshake(type: 12, [1, 0, 0])),
        records([2, 0x7F, 0xFF, 0xFF]), records(Array(hello().prefix(20))) + [21, 3, 3, 0, 2, 2, 40],
        records(hello() + Wire.handshake(type: 99, [])),
    ])
    func whatIsNoAnswerIsUnreadable(bytes: [UInt8]) {
        let outcome = read(bytes)
        guard case .unreadable = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
    }

    /// A server may send for ever; reading ends.
    @Test func anEndlessAnswerEnds() {
        var reader = ServerFlightReader()
        let chain = Wire.handshake(type: 11, [UInt8](repeating: 0, count: 1 << 16 - 1))
        _ = reader.read(Self.records(Self.hello()).span)
        var outcome: ProbeOutcome?
        for _ in 0..<64 where outcome == nil { outcome = reader.read(Self.records(chain).span) }
        guard case .unreadable = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        var warned = ServerFlightReader()
        var second: ProbeOutcome?
        for _ in 0..<300 where second == nil { second = warned.read([21, 3, 3, 0, 2, 1, 90].span) }
        #expect(second == .unreadable("the answer has more than 256 records"))
    }

    @Test func everyPrefixAsksForMoreAndNothingCrashes() {
        let bytes = Self.records(Self.hello(extensions: [(23, [])]) + Self.certificate + Self.exchange + Self.done)
        for length in 0..<bytes.count { #expect(read(Array(bytes[..<length])) == nil) }
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[index] = value
                _ = read(damaged)
            }
        }
    }
}
