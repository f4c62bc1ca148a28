import SallyportEdge
import Testing

@Suite struct BanListTests {
    private func ban(
        _ text: String, until: Int64? = nil, _ source: Ban.Source = .manual, because: String = "x"
    ) throws -> Ban {
        Ban(try #require(BanSubject(text)), since: 0, until: until, because: because, source: source)
    }

    private func address(_ text: String) throws -> AddressNetwork { try #require(AddressNetwork(text)) }

    @Test(arguments: [
        ("203.0.113.7", "203.0.113.7", true), ("203.0.113.7", "203.0.113.8", false),
        ("203.0.113.0/24", "203.0.113.255", true), ("203.0.113.0/24", "203.0.114.0", false),
        ("0.0.0.0/0", "198.51.100.1", true), ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "2001:db8::1", true),
        ("::/0", "198.51.100.1", false), ("2001:db8::/64", "2001:db8::ffff", true),
        ("2001:db8::/64", "2001:db8:0:1::", false), ("203.0.113.0/24", "::ffff:203.0.113.9", true),
        ("10.0.0.0/7", "11.255.0.1", true), ("10.0.0.0/7", "12.0.0.0", false),
    ])
    func findsAddresses(banned: String, asked: String, expected: Bool) throws {
        var list = BanList()
        let added = list.add(try ban(banned), at: 0)
        #expect(added == .added)
        #expect((list.ban(of: try address(asked), at: 0) != nil) == expected)
        _ = list.remove(try #require(BanSubject(banned)))
        #expect(list.ban(of: try address(asked), at: 0) == nil)
        #expect(list.isEmpty)
    }

    @Test func aWiderNetworkStaysWhenTheNarrowerIsLifted() throws {
        var list = BanList()
        for text in ["10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16"] { _ = list.add(try ban(text), at: 0) }
        _ = list.remove(try #require(BanSubject("10.1.0.0/16")))
        #expect(list.ban(of: try address("10.1.0.1"), at: 0)?.subject.text == "10.0.0.0/8")
        _ = list.remove(try #require(BanSubject("10.0.0.0/8")))
        #expect(list.ban(of: try address("10.1.0.1"), at: 0) == nil)
        #expect(list.ban(of: try address("10.2.0.1"), at: 0) != nil)
    }

    @Test func endsAtItsTime() throws {
        var list = BanList()
        _ = list.add(try ban("alice", until: 100), at: 0)
        #expect(list.ban(ofIdentity: "alice", at: 99) != nil)
        #expect(list.ban(ofIdentity: "alice", at: 100) == nil)
        #expect(list.ban(ofIdentity: "Alice", at: 0) == nil)
        let early = list.purge(at: 99)
        #expect(!early)
        let inTime = list.purge(at: 100)
        #expect(inTime)
        #expect(list.isEmpty)
    }

    @Test func anEndedBanDoesNotHideAWiderOne() throws {
        var list = BanList()
        _ = list.add(try ban("10.0.0.1", until: 10), at: 0)
        _ = list.add(try ban("10.0.0.0/8"), at: 0)
        #expect(list.ban(of: try address("10.0.0.1"), at: 50)?.until == nil)
        #expect(list.ban(of: try address("10.0.0.1"), at: 50) != nil)
    }

    @Test func anOperatorsWordIsNotChanged() throws {
        var list = BanList()
        _ = list.add(try ban("alice", because: "operator"), at: 0)
        let automatic = list.add(try ban("alice", until: 10, .automatic), at: 0)
        #expect(automatic == .kept)
        #expect(list.ban(ofIdentity: "alice", at: 50)?.because == "operator")
        let manual = list.add(try ban("alice", until: 90), at: 0)
        #expect(manual == .replaced)
        let afterwards = list.add(try ban("alice", until: 200, .automatic), at: 90)
        #expect(afterwards == .replaced)
    }

    @Test func whenFullTheAutomaticOneThatEndsFirstMakesRoom() throws {
        var list = BanList(capacity: 3)
        _ = list.add(try ban("manual", until: 5), at: 0)
        _ = list.add(try ban("late", until: 30, .automatic), at: 0)
        _ = list.add(try ban("early", until: 20, .automatic), at: 0)
        let first = list.add(try ban("new"), at: 0)
        #expect(first == .added)
        #expect(list.all(at: 0).map(\.subject.text).sorted() == ["late", "manual", "new"])
        let second = list.add(try ban("another"), at: 0)
        #expect(second == .added)
        let third = list.add(try ban("one too many"), at: 0)
        #expect(third == .full)
        let afterAnEnd = list.add(try ban("one too many"), at: 5)
        #expect(afterAnEnd == .added)
        #expect(list.count == 3)
    }
}
