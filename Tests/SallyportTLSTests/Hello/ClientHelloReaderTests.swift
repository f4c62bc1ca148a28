import SallyportModel
import Testing

@testable import SallyportTLS

@Suite struct ClientHelloReaderTests {
    /// The outcome of the bytes in pieces of this size.
    private func read(_ bytes: [UInt8], pieces: Int = .max) -> ClientHelloReader.Outcome {
        var reader = ClientHelloReader()
        var outcome = ClientHelloReader.Outcome.needMore
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, pieces == .max ? bytes.count : start + pieces)
            outcome = reader.read(Array(bytes[start..<end]).span)
            start = end
        }
        return outcome
    }

    private func reason(_ bytes: [UInt8]) -> Reason? {
        if case .refused(let fault) = read(bytes) { fault.reason } else { nil }
    }

    // MARK: Good ones

    @Test func aModernHelloIsRead() {
        var expected = ClientHello()
        expected.legacyVersion = 0x0303
        expected.cipherSuites = [0x1301, 0xC02B]
        expected.sni = "api.example.org"
        expected.extensions = [0, 10, 13, 16, 43, 0x3A3A]
        expected.groups = [0x11EC, 0x001D]
        expected.signatureAlgorithms = [0x0403, 0x0804]
        expected.alpn = [Array("h2".utf8), Array("http/1.1".utf8)]
        expected.supportedVersions = [0x0304, 0x0303]
        #expect(read(HelloBytes().records()) == .hello(expected))
    }

    @Test func aHelloWithoutExtensionsIsRead() {
        var bytes = HelloBytes()
        bytes.extensions = nil
        guard case .hello(let hello) = read(bytes.records()) else {
            Issue.record("refused")
            return
        }
        #expect(hello.sni == nil && hello.alpn.isEmpty && hello.versions == [0x0303])
    }

    @Test func resumptionAndEarlyDataAreSeen() {
        let bytes = HelloBytes().with(35, [1, 2, 3]).with(42, []).with(41, [0, 1, 2])
        guard case .hello(let hello) = read(bytes.records()) else {
            Issue.record("refused")
            return
        }
        #expect(hello.hasPreSharedKey && hello.hasSessionTicket && hello.hasEarlyData)
        guard case .hello(let fresh) = read(HelloBytes().with(35, []).records()) else {
            Issue.record("refused")
            return
        }
        #expect(!fresh.hasPreSharedKey && !fresh.hasSessionTicket && !fresh.hasEarlyData)
    }

    @Test func whatAFingerprintNeedsIsRead() {
        let shares: [UInt8] = [0, 11, 0x3A, 0x3A, 0, 1, 0, 0, 0x1D, 0, 2, 7, 7]
        var bytes = HelloBytes().with(11, [2, 0, 1]).with(45, [1, 1]).with(51, shares)
        bytes.session = [UInt8](repeating: 9, count: 32)
        guard case .hello(let hello) = read(bytes.records()) else {
            Issue.record("refused")
            return
        }
        #expect(hello.pointFormats == [0, 1] && hello.pskModes == [1] && hello.keyShares == [0x3A3A, 0x001D])
        #expect(hello.sessionIDLength == 32 && hello.extensions == [0, 10, 13, 16, 43, 0x3A3A, 11, 45, 51])
        guard case .hello(let none) = read(HelloBytes().with(51, [0, 0]).records()) else {
            Issue.record("refused")
            return
        }
        #expect(none.keyShares.isEmpty)
    }

    @Test(arguments: [
        (11, []), (11, [0]), (11, [2, 0]), (11, [1, 0, 0]), (45, [0]), (45, [2, 1]), (51, []), (51, [0, 1, 0]),
        (51, [0, 4, 0, 29, 0, 0]), (51, [0, 5, 0, 29, 0, 2, 7]), (51, [0, 0, 1]),
    ] as [(UInt16, [UInt8])])
    func damagedFingerprintFieldsAreRefused(type: UInt16, data: [UInt8]) {
        #expect(reason(HelloBytes().with(type, data).records()) == .helloMalformed)
    }

    @Test func theServerNameIsLowered() {
        let bytes = HelloBytes().with(0, HelloBytes.serverName(["API.Example.ORG"]))
        guard case .hello(let hello) = read(bytes.records()) else {
            Issue.record("refused")
            return
        }
        #expect(hello.sni == "api.example.org")
    }

    // MARK: Pieces

    @Test func splitAtEveryByteTheOutcomeIsTheSame() {
        let bytes = HelloBytes().records()
        let whole = read(bytes)
        for cut in 1..<bytes.count {
            var reader = ClientHelloReader()
            #expect(reader.read(Array(bytes[..<cut]).span) == .needMore)
            #expect(reader.read(Array(bytes[cut...]).span) == whole)
        }
        #expect(read(bytes, pieces: 1) == whole)
    }

    @Test func recordsOfEverySizeGiveTheSameHelloUpToTheBound() {
        let hello = HelloBytes()
        let whole = read(hello.records())
        for size in 1...hello.message.count {
            let records = (hello.message.count + size - 1) / size
            let outcome = read(hello.records(of: size), pieces: 3)
            if records <= ClientHelloReader.maximumRecords {
                #expect(outcome == whole, "records of \(size)")
            } else {
                #expect(reason(hello.records(of: size)) == .helloTooFragmented, "records of \(size)")
            }
        }
    }

    @Test func oneByteRecordsAreRefusedWithTheirOwnCode() {
        #expect(reason(HelloBytes().records(of: 1)) == .helloTooFragmented)
    }

    @Test func whatFollowsTheHelloIsLeftAlone() {
        let bytes = HelloBytes().records()
        #expect(read(bytes + [20, 3, 3, 0, 1, 1] + [UInt8](repeating: 0xFF, count: 999)) == read(bytes))
    }

    @Test func anOutcomeStays() {
        var reader = ClientHelloReader()
        let hello = HelloBytes().records()
        #expect(reader.read([0x00].span) == reader.read(hello.span))
    }

    @Test func aPrefixNeverDecidesForTheHello() {
        let bytes = HelloBytes().records()
        for length in 0..<bytes.count { #expect(read(Array(bytes[..<length])) == .needMore) }
    }

    // MARK: Bounds

    @Test func theMessageIsBounded() {
        let room = ClientHelloReader.maximumMessage - HelloBytes().with(21, []).message.count
        let largest = HelloBytes().with(21, [UInt8](repeating: 0, count: room))
        #expect(largest.message.count == ClientHelloReader.maximumMessage)
        guard case .hello = read(largest.records()) else {
            Issue.record("refused")
            return
        }
        #expect(reason(HelloBytes().with(21, [UInt8](repeating: 0, count: room + 1)).records()) == .helloTooLarge)
    }

    @Test func aHugeClaimIsRefusedAtOnce() {
        #expect(reason([22, 3, 1, 0, 4, 1, 0xFF, 0xFF, 0xFF]) == .helloTooLarge)
        #expect(reason([22, 3, 1, 0xFF, 0xFF]) == .recordTooLarge)
        #expect(reason([22, 3, 1, 0x40, 1]) == .recordTooLarge)
    }

    // MARK: Not a TLS handshake

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n", nil), ("PRI * HTTP/2.0\r\n", nil), ("PROPFIND /", nil), ("POST /x", nil),
        ("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Reason.proxyProtocol),
        ("\r\n\r\n\0\r\nQUIT\n", .proxyProtocol),
        ("SSH-2.0-OpenSSH_9\r\n", .notTLS), ("get / HTTP/1.1", .notTLS), ("ABCDEFGHIJKLMNOPQRSTUVWX /", .notTLS),
        ("A /", .notTLS), ("\r\n\r\nGET", .notTLS), ("\0", .notTLS), ("EHLO\tx", .notTLS),
        ("\u{16}\u{02}\u{01}\0\u{05}", .notTLS),
    ])
    func otherProtocolsAreNamed(text: String, expected: Reason?) {
        let bytes = Array(text.utf8)
        for pieces in [1, 2, .max] {
            switch read(bytes, pieces: pieces) {
            case .plainHTTP: #expect(expected == nil, "\(text)")
            case .refused(let fault): #expect(fault.reason == expected, "\(text)")
            default: Issue.record("\(text): undecided")
            }
        }
    }

    @Test func oldFormsAreNamed() {
        #expect(reason([0x80, 0x2E, 0x01, 0x03, 0x01]) == .sslVersion2)
        #expect(reason([0x80, 0x2E, 0x02]) == .notTLS)
        #expect(reason([21, 3, 1, 0, 2, 2, 40]) == .alertFirst)
    }

    @Test func otherRecordsDoNotInterruptAHello() {
        let first = Array(HelloBytes().records(of: 40)[..<45])
        #expect(reason(first + [21, 3, 3, 0, 2, 1, 0]) == .alertFirst)
        #expect(reason(first + [20, 3, 3, 0, 1, 1]) == .helloInterrupted)
        #expect(reason(first + [23, 3, 3, 0, 1, 1]) == .helloInterrupted)
        #expect(reason(first + [22, 3, 3, 0, 0]) == .helloTooFragmented)
    }

    /// RFC 8446 section 6.2 and appendix D.5.
    @Test(arguments: [
        (Reason.helloInterrupted, 10), (.unexpectedFirstMessage, 10), (.recordTooLarge, 22), (.versionTooOld, 70),
        (.helloMalformed, 50), (.helloTooLarge, 47),
    ] as [(Reason, UInt8)])
    func theAlertSaysWhatIsWrong(reason: Reason, alert: UInt8) {
        #expect(TLSAlert(for: reason)?.rawValue == alert)
    }

    @Test(arguments: [[0, 0], [0, 2], [2, 0], [3, 0], [4, 1], [0xFE, 0xFD]] as [[UInt8]])
    func theVersionsOfSSLAndOthersAreRefused(version: [UInt8]) {
        #expect(reason(HelloBytes(version: version).records()) == .versionTooOld)
    }

    @Test func anotherMessageIsNoHello() {
        var bytes = HelloBytes()
        bytes.type = 2
        #expect(reason(bytes.records()) == .unexpectedFirstMessage)
    }

    // MARK: Malformed

    @Test func whatSharesTheRecordIsRefused() {
        let two = HelloBytes().message + [1]
        #expect(reason(HelloBytes.records(two, of: 16384)) == .helloMalformed)
        var open = HelloBytes().records()
        open[4] &+= 1  // the record claims one byte more than the message has
        #expect(reason(open) == .helloMalformed)
    }

    static let brokenFields: [(String, HelloBytes)] = [
        ("session of 33 bytes", HelloBytes(session: [UInt8](repeating: 0, count: 33))),
        ("odd suites", HelloBytes(suites: [0x13, 0x01, 0x13])), ("no suites", HelloBytes(suites: [])),
        ("no compression", HelloBytes(compression: [])), ("no null compression", HelloBytes(compression: [1])),
        ("bytes behind the extensions", HelloBytes(tail: [0])),
    ]

    @Test(arguments: brokenFields) func brokenFieldsAreRefused(what: String, bytes: HelloBytes) {
        #expect(reason(bytes.records()) == .helloMalformed, "\(what)")
    }

    static let broken: [(String, UInt16, [UInt8], Reason)] = [
        ("two names", 0, HelloBytes.serverName(["a.example", "b.example"]), .helloTwoServerNames),
        ("the same name twice", 0, HelloBytes.serverName(["a.example", "a.example"]), .helloTwoServerNames),
        ("unknown name type", 0, HelloBytes.serverName(["a.example"], type: 1), .helloServerNameInvalid),
        ("empty list of names", 0, [0, 0], .helloMalformed),
        ("empty name", 0, HelloBytes.serverName([""]), .helloServerNameInvalid),
        ("bytes behind the names", 0, HelloBytes.serverName(["a.example"]) + [0], .helloMalformed),
        ("IPv4", 0, HelloBytes.serverName(["192.0.2.1"]), .helloServerNameInvalid),
        ("IPv6", 0, HelloBytes.serverName(["2001:db8::1"]), .helloServerNameInvalid),
        ("NUL", 0, HelloBytes.serverName(["a.example\0.evil"]), .helloServerNameInvalid),
        ("trailing dot", 0, HelloBytes.serverName(["a.example."]), .helloServerNameInvalid),
        ("wildcard", 0, HelloBytes.serverName(["*.example"]), .helloServerNameInvalid),
        ("underscore", 0, HelloBytes.serverName(["a_b.example"]), .helloServerNameInvalid),
        ("not ASCII", 0, HelloBytes.serverName(["bücher.example"]), .helloServerNameInvalid),
        (
            "label of 64", 0, HelloBytes.serverName([String(repeating: "a", count: 64) + ".example"]),
            .helloServerNameInvalid
        ),
        ("hyphen first", 0, HelloBytes.serverName(["-a.example"]), .helloServerNameInvalid),
        ("no protocols", 16, [0, 0], .helloMalformed),
        ("empty protocol", 16, HelloBytes.alpn(["h2", ""]), .helloMalformed),
        ("odd groups", 10, [0, 3, 0, 1, 2], .helloMalformed),
        ("no groups", 10, [0, 0], .helloMalformed),
        ("list longer than its extension", 13, [0, 8, 4, 3], .helloMalformed),
        ("odd versions", 43, [3, 3, 4, 3], .helloMalformed),
        ("no versions", 43, [0], .helloMalformed),
    ]

    @Test(arguments: broken) func brokenExtensionsAreRefused(
        what: String, type: UInt16, data: [UInt8], expected: Reason
    ) {
        #expect(reason(HelloBytes().with(type, data).records()) == expected, "\(what)")
    }

    @Test func extensionsStandOnceAndThePreSharedKeyLast() {
        var twice = HelloBytes()
        twice.extensions?.append((0x3A3A, []))
        #expect(reason(twice.records()) == .helloDuplicateExtension)
        var names = HelloBytes()
        names.extensions?.append((0, HelloBytes.serverName(["evil.example"])))
        #expect(reason(names.records()) == .helloDuplicateExtension)
        #expect(reason(HelloBytes().with(41, [0]).with(45, [1, 1]).records()) == .helloMalformed)
        var many = HelloBytes()
        many.extensions = (100..<165).map { ($0, []) }
        #expect(reason(many.records()) == .helloMalformed)
    }

    // MARK: Attackers

    /// No change of one byte, no cut and no insertion makes the reader crash, wait for ever behind a whole message, or
    /// find a name that is no host name.
    @Test func mutationsAreReadOrRefused() {
        let good = HelloBytes().records()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                }
            }
            let whole = read(bytes)
            #expect(read(bytes, pieces: Int.random(in: 1...60, using: &random)) == whole)
            if case .hello(let hello) = whole, let sni = hello.sni {
                #expect(HostName(Array(sni.utf8)[...]) != nil)
            }
        }
    }

    @Test func noiseIsReadOrRefused() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let noise = (0..<Int.random(in: 1...80, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = read(noise)
            let length = HelloBytes.two(noise.count)
            _ = read([22, 3, 1] + HelloBytes.two(noise.count + 4) + [1, 0] + length + noise)
        }
    }
}
