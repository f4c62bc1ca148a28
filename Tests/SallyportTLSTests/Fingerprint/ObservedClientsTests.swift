import Testing

@testable import SallyportTLS

@Suite struct ObservedClientsTests {
    private func hello(_ change: (inout ClientHello) -> Void = { _ in }) -> ClientHello {
        var hello = ClientFingerprintTests.published
        hello.groups = [0x2A2A, 0x11EC, 0x001D, 0x0017]
        hello.keyShares = [0x2A2A, 0x11EC, 0x001D]
        change(&hello)
        return hello
    }

    private static let facts = TLSFacts(
        version: .tls13, cipherSuite: "TLS_AES_128_GCM_SHA256", group: "X25519MLKEM768", resumed: false, alpn: nil)

    @Test func whatIsOfferedIsCounted() {
        var clients = ObservedClients()
        clients.note(hello(), ja4: "a")
        clients.note(
            hello {
                $0.supportedVersions = []
                $0.groups = [0x0017]
                $0.keyShares = []
                $0.sni = nil
                $0.hasSessionTicket = true
            }, ja4: "b")
        let report = ObservedClientsReport(listener: "main", clients)
        #expect(report.hellos == 2)
        #expect(report.offered.newestVersion == ["TLS 1.3": 1, "TLS 1.2": 1])
        #expect(report.offered.groups == ["X25519MLKEM768": 1, "X25519": 1, "P-256": 2])
        #expect(report.offered.postQuantumKeyShare == 1 && report.offered.serverName == 1)
        #expect(report.offered.suiteKinds["cbc"] == 2 && report.offered.suiteKinds["rsaKeyTransport"] == 2)
        #expect(report.offered.resumption == 1)
        #expect(report.unservedBy == ["intermediate": 0, "modern": 1, "post-quantum": 1, "cnsa": 2])
        #expect(report.fingerprints.map(\.ja4) == ["a", "b"])
        #expect(report.fingerprints.map(\.unservedBy) == [["cnsa"], ["modern", "post-quantum", "cnsa"]])
    }

    @Test func whatIsAgreedIsCounted() {
        var clients = ObservedClients()
        clients.noteHandshake(Self.facts)
        clients.noteHandshake(
            TLSFacts(
                version: .tls12, cipherSuite: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", group: nil, resumed: true,
                alpn: nil))
        let agreed = ObservedClientsReport(listener: "main", clients).agreed
        #expect(agreed.versions == ["TLS 1.3": 1, "TLS 1.2": 1] && agreed.resumed == 1)
        #expect(agreed.groups == ["X25519MLKEM768": 1] && agreed.suites["TLS_AES_128_GCM_SHA256"] == 1)
    }

    /// A flood of hellos that are all different fills no memory.
    @Test func aFloodOfStrangeValuesIsBounded() {
        var clients = ObservedClients()
        for number in 0..<2000 as Range<UInt16> {
            clients.note(
                hello {
                    $0.groups = [0xE000 | number]
                    $0.keyShares = [0xE000 | number]
                    $0.signatureAlgorithms = [0xF000 | number]
                    $0.supportedVersions = [0x8000 | number]
                    $0.alpn = [Array("p\(number)".utf8)]
                }, ja4: "fingerprint \(number)")
        }
        let report = ObservedClientsReport(listener: "main", clients)
        #expect(report.offered.groups == ["other": 2000] && report.offered.keyShares == ["other": 2000])
        #expect(report.offered.signatureSchemes == ["other": 2000] && report.offered.protocols == ["other": 2000])
        #expect(report.offered.newestVersion == ["other": 2000])
        #expect(report.fingerprints.count == 32)
    }

    /// The promise of the sketch: who is frequent is in it, and counts are never too low.
    @Test func theFrequentAreFoundInANoisyStream() {
        var sketch = FrequentValues<Int>(capacity: 8)
        for round in 0..<400 {
            sketch.note("noise \(round)", facts: 0)
            sketch.note("often", facts: round)
            if round % 3 == 0 { sketch.note("second", facts: round) }
        }
        #expect(sketch.entries.count == 8)
        let often = sketch.sorted.first { $0.value == "often" }
        #expect(often.map { $0.count >= 400 && $0.count - $0.error <= 400 } == true)
        #expect(sketch.sorted.contains { $0.value == "second" && $0.count >= 134 })
    }

    @Test func sketchesOfLoopsAddUp() {
        var one = FrequentValues<Int>(capacity: 4)
        var two = one
        for _ in 0..<10 { one.note("a", facts: 1) }
        for _ in 0..<7 { two.note("a", facts: 2) }
        for _ in 0..<5 { two.note("b", facts: 2) }
        one.merge(two)
        #expect(one.sorted.map(\.value) == ["a", "b"] && one.sorted.map(\.count) == [17, 5])
        #expect(one.sorted.map(\.error) == [0, 0])
    }

    @Test func aMergedCountIsNeverTooLow() {
        var one = FrequentValues<Int>(capacity: 3)
        var two = one
        var truth: [String: Int] = [:]
        for number in 0..<300 {
            let value = "v\(number * number % 11)"
            truth[value, default: 0] += 1
            if number % 2 == 0 { one.note(value, facts: 0) } else { two.note(value, facts: 0) }
        }
        one.merge(two)
        #expect(one.entries.count == 3)
        for entry in one.entries {
            let real = truth[entry.value] ?? 0
            #expect(entry.count >= real && entry.count - entry.error <= real, "\(entry) \(real)")
        }
    }

    @Test func listenersOfTwoLoopsAddUp() {
        var one = ObservedClients()
        var two = ObservedClients()
        one.note(hello(), ja4: "a")
        two.note(hello(), ja4: "a")
        two.noteHandshake(Self.facts)
        one.merge(two)
        let report = ObservedClientsReport(listener: "main", one)
        #expect(report.hellos == 2 && report.handshakes == 1 && report.agreed.resumed == 0)
        #expect(report.offered.newestVersion == ["TLS 1.3": 2] && report.unservedBy["cnsa"] == 2)
        #expect(report.fingerprints.map(\.count) == [2])
    }
}
