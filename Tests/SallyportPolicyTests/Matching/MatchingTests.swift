import Testing

@testable import SallyportPolicy

@Suite struct MatchingTests {
    /// The search finds what comparing at every place finds.
    @Test func searchAgreesWithTheSimpleOne() {
        var generator = Generator(state: 7)
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                UInt8.random(in: 97...98, using: &generator)
            }
            let pattern = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                UInt8.random(in: 97...98, using: &generator)
            }
            let simple = (0...max(0, text.count)).first {
                text.dropFirst($0).starts(with: pattern) && $0 + pattern.count <= text.count
            }
            #expect(BytePattern(pattern).end(in: text.span) == simple.map { $0 + pattern.count })
        }
    }

    /// The matcher agrees with one that tries everything.
    @Test func globAgreesWithTheSimpleOne() {
        var generator = Generator(state: 11)
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                UInt8.random(in: 97...98, using: &generator)
            }
            let pattern: [UInt8] = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                UInt8.random(in: 96...98, using: &generator)
            }.map { $0 == 96 ? 42 : $0 }
            #expect(Glob(pattern).matches(text.span) == simple(pattern[...], text[...]), "\(pattern) \(text)")
        }
    }

    private func simple(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == 42 { return (0...text.count).contains { simple(pattern.dropFirst(), text.dropFirst($0)) } }
        return text.first == first && simple(pattern.dropFirst(), text.dropFirst())
    }

    @Test(arguments: [
        "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0", "fe80::1%eth0", "10.0.0.0/8/8", "",
        "10.0.0.0\0/8", "2001:db8::1/32", "010.0.0.1", "localhost", "10.0.0.0/+8",
    ])
    func whatIsNoNetworkIsRefused(_ text: String) { #expect(AddressBlock(text) == nil) }

    @Test func networksEndWhereTheyShould() throws {
        for (block, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"), ("192.0.2.128/25", "192.0.2.128", "192.0.2.127"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"), ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"), ("::1", "::1", "::2"), ("::/0", "::", "1.2.3.4"),
            ("::ffff:10.0.0.0", "10.0.0.0", "::10.0.0.0"),
        ] {
            let network = try #require(AddressBlock(block))
            #expect(network.contains(try #require(ClientAddress(inside))), "\(inside) in \(block)")
            #expect(!network.contains(try #require(ClientAddress(outside))), "\(outside) in \(block)")
        }
    }

    @Test(arguments: [
        ("1970-01-01", 0), ("1970-01-02T00:00:01Z", 86_401), ("2000-02-29", 951_782_400), ("2026-11-23", 1_795_392_000),
        ("1969-12-31T23:59:59Z", -1), ("2027-06-30T18:00:00Z", 1_814_378_400), ("0001-01-01", -62_135_596_800),
    ])
    func datesAreSeconds(_ text: String, _ seconds: Int64) { #expect(CivilTime.parse(text) == seconds) }

    @Test(arguments: [
        "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-04-31", "2026-4-3", "20261123",
        "2026-11-23T24:00:00Z",
        "2026-11-23 10:00:00Z", "2026-11-23T10:00:00", "2026-11-23T10:00:60Z", "2026-11-2x", "+026-11-23", "",
    ])
    func whatIsNoDateIsRefused(_ text: String) { #expect(CivilTime.parse(text) == nil) }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }
}
