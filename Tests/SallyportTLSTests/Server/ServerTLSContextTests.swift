import Foundation
import SallyportConfig
import SallyportModel
import Synchronization
import Testing

@testable import SallyportPKI
@testable import SallyportTLS

@Suite struct ServerTLSContextTests {
    private let world: TestWorld

    init() throws { world = try TestWorld() }

    private func build(
        _ leaf: TestAuthority.Leaf, mode: ClientCertificates.Mode = .require, trust: Bool = true, now: Int64? = nil
    ) throws -> Reason? {
        let anchors = trust ? try world.authority.anchors : []
        let clients = ClientTrust(anchors: anchors, revocation: RevocationFeed(), maxDepth: 3, rules: IdentityRules([]))
        do throws(PKIError) {
            let credential: CredentialPair
            do { credential = try leaf.credential() } catch {
                throw error as? PKIError ?? PKIError(.internalError, "", "\(error)")
            }
            _ = try ServerTLSContext(
                profile: TLSProfile(clientCertificates: ClientCertificates(mode: mode)), credentials: [credential],
                source: "api.pem", clients: clients, clock: { now ?? UnixTime.seconds() })
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func whatNobodyWouldAcceptIsNotBroughtUp() throws {
        let authority = world.authority
        #expect(try build(world.server) == nil)
        #expect(try build(world.server, now: UnixTime.seconds() + 10 * 86_400) == .ownCertificateExpired)
        #expect(try build(world.server, now: UnixTime.seconds() - 10 * 86_400) == .ownCertificateNotYetValid)
        let other = try authority.server(["localhost"])
        #expect(try build(TestAuthority.Leaf(chain: world.server.chain, key: other.key)) == .privateKeyMismatch)
    }

    @Test func clientCertificatesWithoutTrustAreAnError() throws {
        #expect(try build(world.server, trust: false) == .trustMissing)
        #expect(try build(world.server, mode: .optional, trust: false) == .trustMissing)
        #expect(try build(world.server, mode: .none, trust: false) == nil)
    }

    @Test func aVerifiedChainIsNotVerifiedAgainAndYetExpires() throws {
        let context = try world.context()
        let chain = try world.authority.leaf("alice", life: -3600...600).der
        let first = try context.verify(presented: chain).get()
        #expect(try context.verify(presented: chain).get() === first)
        #expect(try context.verify(resumed: chain[0]).get() === first)
        world.shift.withLock { $0 = 610 }
        #expect(throws: ChainRefusal.self) { try context.verify(presented: chain).get() }
        #expect(throws: ChainRefusal.self) { try context.verify(resumed: chain[0]).get() }
    }

    /// A leaf that was verified does not vouch for another chain that is presented with it.
    @Test func anotherChainIsVerifiedAnew() throws {
        let context = try world.context()
        let leaf = try world.authority.leaf("alice")
        let first = try context.verify(presented: leaf.der).get()
        let long = try world.authority.padded(leaf, with: 50).der
        #expect(throws: ChainRefusal.self) { try context.verify(presented: long).get() }
        #expect(try context.verify(presented: leaf.der).get() === first)
    }

    @Test func aResumedLeafIsVerifiedWithTheIntermediatesOfItsIssuer() throws {
        let context = try world.context()
        let bob = try world.authority.leaf("bob").der[0]
        #expect(throws: ChainRefusal.self) { try context.verify(resumed: bob).get() }
        _ = try context.verify(presented: try world.authority.leaf("alice").der).get()
        #expect(try context.verify(resumed: bob).get().certificate.commonName == "bob")
        #expect(throws: ChainRefusal.self) { try context.verify(resumed: []).get() }
        #expect(throws: ChainRefusal.self) { try context.verify(resumed: [1, 2, 3]).get() }
    }

    @Test func anIdentityIsJudgedByTheRulesOfTheNewGeneration() throws {
        let leaf = try world.authority.leaf("alice")
        let old = try world.context().verify(presented: leaf.der).get()
        #expect(old.names == ["alice"])
        let renamed = try world.context(rules: [IdentityRule(name: "ops", commonName: "alice")])
        #expect(try renamed.reauthorize(old, at: UnixTime.seconds()).get().names == ["ops"])
        let revoking = try world.context(revoked: ["clients": [old.certificate.serial]])
        #expect(throws: ChainRefusal.self) { try revoking.reauthorize(old, at: UnixTime.seconds()).get() }
        #expect(throws: ChainRefusal.self) { try renamed.reauthorize(old, at: UnixTime.seconds() + 10 * 86_400).get() }
        #expect(throws: ChainRefusal.self) {
            try world.context(mode: .none).reauthorize(old, at: UnixTime.seconds()).get()
        }
    }
}
