import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportPolicy
import Testing

@testable import SallyportAccess

@Suite struct CompiledPolicyTests {
    private static func range(_ bytes: [UInt8], _ prefix: Int) throws -> AddressRange {
        try #require(AddressRange(bytes: bytes, prefix: prefix))
    }

    private func head(_ lines: String) throws -> RequestHead {
        var parser = RequestParser(limits: HTTPLimits())
        guard case .head(let head) = parser.next(Array((lines + "\r\n\r\n").utf8).span.bytes).event else {
            throw Unreadable()
        }
        return head
    }

    private struct Unreadable: Error {}

    private func code(_ policies: [Policy], _ lines: String, from address: [UInt8] = [192, 0, 2, 1]) throws -> UInt16 {
        switch CompiledPolicy(policies).shield(try head(lines), from: ClientAddress(bytes: address)) {
        case .proceed: 0
        case .respond(let reply): reply.reason.code
        }
    }

    private static let get = "GET / HTTP/1.1\r\nhost: a"

    @Test(arguments: [
        ([192, 0, 2, 1], 3011), ([10, 1, 2, 3], 0), ([10, 9, 0, 1], 3011), ([11, 0, 0, 1], 3011),
        // IPv4 inside IPv6, mapped and by a translator, is the IPv4 address that it is.
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3], 0),
        ([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 10, 1, 2, 3], 0),
        ([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 10, 9, 2, 3], 3011),
        ([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 0),
        ([0x20, 1, 0xd, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 3011),
        ([], 3011),
    ] as [([UInt8], UInt16)])
    func addressesAreAllowedAndDenied(_ address: [UInt8], _ expected: UInt16) throws {
        var policy = Policy(name: "p")
        policy.addresses = AddressPolicy(
            allow: [try Self.range([10, 0, 0, 0], 8), try Self.range([0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 12), 32)],
            deny: [try Self.range([10, 9, 0, 0], 16)])
        #expect(try code([policy], Self.get, from: address) == expected)
    }

    @Test func everyPolicyHasToAgree() throws {
        var wide = Policy(name: "wide")
        wide.methods = ["GET", "POST", "PUT"]
        wide.body = 100
        var narrow = Policy(name: "narrow")
        narrow.methods = ["GET", "PUT", "DELETE"]
        narrow.body = 10
        for policies in [[wide, narrow], [narrow, wide]] {
            #expect(try code(policies, Self.get) == 0)
            #expect(try code(policies, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1") == 3012)
            #expect(try code(policies, "DELETE / HTTP/1.1\r\nhost: a") == 3012)
            #expect(try code(policies, "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 10") == 0)
            #expect(try code(policies, "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 11") == 4033)
        }
    }

    @Test func maintenanceSparesWhoTriesOut() throws {
        var policy = Policy(name: "p")
        policy.maintenance = Maintenance(retryAfter: .seconds(90), except: [try Self.range([10, 0, 0, 0], 8)])
        #expect(try code([policy], Self.get) == 4093)
        #expect(try code([policy], Self.get, from: [10, 0, 0, 1]) == 0)
        // Who is spared by one is not spared by another.
        var other = Policy(name: "other")
        other.maintenance = Maintenance(retryAfter: .seconds(1))
        #expect(try code([policy, other], Self.get, from: [10, 0, 0, 1]) == 4093)
        #expect(try code([other, policy], Self.get, from: [10, 0, 0, 1]) == 4093)
        // Denied is denied, also there.
        policy.addresses = AddressPolicy(deny: [try Self.range([10, 0, 0, 0], 8)])
        #expect(try code([policy], Self.get, from: [10, 0, 0, 1]) == 3011)
    }

    @Test func laterChangesSeeTheEarlierOnes() {
        let changes = CompiledChanges([
            FieldChanges(set: [HeaderMatch(name: "x-team", value: "a")], add: [HeaderMatch(name: "x-tag", value: "1")]),
            FieldChanges(remove: ["x-tag"], set: [HeaderMatch(name: "x-team", value: "b")]),
        ])
        #expect(changes.withheld == ["x-team", "x-tag"])
        #expect(String(decoding: changes.lines, as: UTF8.self) == "x-team: b\r\n")
    }

    @Test(arguments: [
        ("https://www.example.org", true), ("https://a.apps.example.org", true), ("https://a.b.apps.example.org", false),
        ("https://apps.example.org", false), ("https://.apps.example.org", false), ("http://www.example.org", false),
        ("https://www.example.org.evil.net", false), ("https://evil.net/.apps.example.org", false),
        ("https://x:1.apps.example.org", false), ("null", false), ("", false), ("HTTPS://WWW.EXAMPLE.ORG", false),
    ])
    func originsAreCompared(_ origin: String, _ expected: Bool) {
        let cors = CompiledCrossOrigin(
            CrossOrigin(origins: .listed(["https://www.example.org", "https://*.apps.example.org"])))
        #expect(cors.allows(origin) == expected)
    }
}
