import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportAccess

@Suite struct ForwardPermitTests {
    private func code(
        _ allow: Allow, names: [String]?, notAfter: Int64 = 100, now: Int64 = 50, requiresCertificate: Bool = false
    ) -> UInt16 {
        let route = CompiledRoute(
            Route(
                name: "r", match: RouteMatch(path: .prefix("")), allow: allow, requiresCertificate: requiresCertificate,
                upstream: "u"), position: 0, policy: CompiledPolicy([]))
        let identity = names.map {
            Identity(
                names: $0,
                certificate: CertificateFacts(
                    subject: "CN=x", issuer: "CN=y", serial: "01", notBefore: 0, notAfter: notAfter, fingerprint: [],
                    der: []),
                authority: "local")
        }
        // No policy of the route has a condition, so nobody asks about the request.
        let decision = authorize(route, caller: Caller(identity), at: now) {
            fatalError("the request was looked at")
        }
        switch decision {
        case .permitted: return 0
        case .refused(let reply): return reply.reason.code
        }
    }

    @Test func nobodyIsTheDefault() {
        #expect(code(.identities([]), names: ["alice"]) == 3001)
        #expect(code(.identities([]), names: nil) == 3002)
    }

    @Test func aNameOfTheListIsEnough() {
        #expect(code(.identities(["alice", "ci"]), names: ["ops", "ci"]) == 0)
        #expect(code(.identities(["alice"]), names: ["Alice"]) == 3001)
        #expect(code(.identities(["alice"]), names: []) == 3001)
    }

    @Test func anyoneMeansAnyone() {
        #expect(code(.anyone, names: nil) == 0)
        #expect(code(.anyone, names: ["bob"]) == 0)
    }

    @Test func aCertificateThatExpiredOnTheConnectionIsRefused() {
        #expect(code(.identities(["alice"]), names: ["alice"], notAfter: 49) == 3006)
        #expect(code(.anyone, names: ["alice"], notAfter: 49) == 3006)
        #expect(code(.identities(["alice"]), names: ["alice"], notAfter: 50) == 0)
    }

    @Test func aRouteMayRequireACertificateOfAnyone() {
        #expect(code(.anyone, names: nil, requiresCertificate: true) == 3010)
        #expect(code(.identities(["alice"]), names: nil, requiresCertificate: true) == 3010)
        #expect(code(.anyone, names: ["bob"], requiresCertificate: true) == 0)
        // A certificate that no rule names is one, too.
        #expect(code(.anyone, names: [], requiresCertificate: true) == 0)
        #expect(code(.anyone, names: ["bob"], notAfter: 49, requiresCertificate: true) == 3006)
        #expect(code(.identities(["alice"]), names: ["bob"], requiresCertificate: true) == 3001)
    }
}
