import Foundation
import SallyportConfig
import SallyportEdge
import SallyportModel
import SallyportPKI
import Testing

@testable import SallyportProxy

@Suite struct BanRegisterTests {
    private let here = AddressNetwork("203.0.113.7")

    private func withState(_ body: (StateDirectory) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bans-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        try body(StateDirectory(path: folder.path))
    }

    private func ban(_ text: String, until: Int64? = nil) throws -> Ban {
        Ban(try #require(BanSubject(text)), since: UnixTime.seconds() - 10, until: until, because: "x", source: .manual)
    }

    private func register(_ state: StateDirectory) throws -> BanRegister {
        try BanRegister(in: state, logger: .init(label: "test"))
    }

    @Test func theNextProcessKnows() throws {
        try withState { state in
            let before = try register(state)
            let name = "spiffe://example.org/\"a\" é"
            for text in ["203.0.113.0/24", "2001:db8::/64", name] { _ = try before.add(try ban(text)) }
            _ = try before.add(try ban("over", until: UnixTime.seconds() - 1))
            let after = try register(state)
            #expect(after.all == before.all)
            #expect(after.all.count == 3)
            #expect(after.refusal(of: here) == .addressBanned)
            #expect(after.refusal(of: nil, names: ["somebody", name]) == .identityBanned)
            #expect(after.refusal(of: nil, names: ["over", "somebody"]) == nil)
        }
    }

    @Test func theFileIsForItsOwnerOnly() throws {
        try withState { state in
            _ = try register(state).add(try ban("alice"))
            let mode = try FileManager.default.attributesOfItem(atPath: state.path + "/bans.json")[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func whatCannotBeKeptIsSaidAndHoldsAllTheSame() throws {
        try withState { state in
            let bans = try register(state)
            let inTheWay = state.path + "/bans.json/x"
            try FileManager.default.createDirectory(atPath: inTheWay, withIntermediateDirectories: true)
            #expect(throws: PKIError.self) { try bans.add(try ban("203.0.113.7")) }
            #expect(bans.refusal(of: here) == .addressBanned)
            try FileManager.default.removeItem(atPath: state.path + "/bans.json")
            bans.tend()
            #expect(try register(state).all == bans.all)
        }
    }

    @Test func whoHasHandedOverChangesNothing() throws {
        try withState { state in
            let before = try register(state)
            _ = try before.add(try ban("alice"))
            let after = try register(state)
            _ = try before.add(try ban("bob"))
            before.succeeded()
            try after.readAgain()
            #expect(after.all == before.all)
            _ = try after.remove(try #require(BanSubject("alice")))
            #expect(throws: PKIError.self) { try before.add(try ban("carol")) }
            #expect(throws: PKIError.self) { try before.removeAll() }
            before.tend()
            #expect(try register(state).all.map(\.subject.text) == ["bob"])
        }
    }

    @Test func automaticOnesComeOnlyByTheFile() throws {
        let bans = BanRegister()
        let bob = BanSubject.identity("bob")
        for _ in 0..<1000 { bans.offended(bob, by: .identityNotAllowed) }
        #expect(bans.all.isEmpty)
        bans.adopt(BanLimits(after: 3))
        let version = bans.version
        for _ in 0..<2 { bans.offended(bob, by: .identityNotAllowed) }
        for _ in 0..<10 { bans.offended(bob, by: .noRoute) }
        for _ in 0..<10 { bans.offended(nil, by: .identityNotAllowed) }
        #expect(bans.all.isEmpty && bans.version == version)
        bans.offended(bob, by: .identityNotAllowed)
        #expect(bans.refusal(of: nil, names: ["bob"]) == .identityBanned)
        #expect(bans.version != version)
    }

    @Test func howOftenSomebodyWasBannedOutlivesTheProcess() throws {
        try withState { state in
            let bob = BanSubject.identity("bob")
            let before = try register(state)
            before.adopt(BanLimits(after: 1, length: .seconds(600)))
            before.offended(bob, by: .identityNotAllowed)
            before.tend()
            let after = try register(state)
            after.adopt(BanLimits(after: 1, length: .seconds(600)))
            #expect(after.all == before.all)
            after.offended(bob, by: .identityNotAllowed)
            let ban = try #require(after.all.first)
            #expect(ban.times == 2)
            #expect(ban.until == ban.since + 1200)
        }
    }

    @Test func offences() {
        let held = Reason.all.filter(\.isOffence)
        #expect(held.allSatisfy { $0.origin == .client })
        #expect(held.allSatisfy { [nil, 400, 401, 403, 429].contains($0.status) })
        let expected: [Reason] = [
            .identityNotAllowed, .addressRefused, .addressConnectionRate, .addressConnectionLimit,
            .addressHandshakeRate, .http2Flood, .http2Resets, .certificateExpired, .certificateRevoked,
        ]
        #expect(Set(expected).isSubset(of: held))
        let innocent: [Reason] = [
            .noRoute, .methodNotAllowed, .addressBanned, .identityBanned, .overloaded, .handshakeRate, .connectionLimit,
            .upstreamUnreachable, .consultUnavailable, .unprovenConnection,
        ]
        #expect(Set(innocent).isDisjoint(with: held))
    }
}
