import SallyportModel
import Testing

@testable import SallyportPKI
@testable import SallyportTLS

@Suite struct VerdictCacheTests {
    private func verdict(
        _ leaf: UInt8, issuer: String = "CN=I", from: Int64 = 0, until: Int64 = 100, intermediates: [[UInt8]] = [[9]]
    ) -> VerdictCache.Verdict {
        let facts = CertificateFacts(
            subject: "CN=\(leaf)", issuer: issuer, serial: "01", notBefore: from, notAfter: until + 50, fingerprint: [],
            der: [leaf])
        return VerdictCache.Verdict(
            identity: Identity(names: [], certificate: facts, authority: "clients", intermediates: intermediates),
            presented: intermediates, validUntil: until,
            status: VerifiedStatus(path: StatusPath(authority: "clients", subjects: [], anchorKeyFingerprint: []), until: .max, revision: 0))
    }

    @Test func aVerdictCountsOnlyWhileThePathIsValid() {
        let cache = VerdictCache()
        cache.insert(verdict(1, from: 10, until: 100))
        #expect(cache.verdict(leaf: [1], at: 9) == nil)
        #expect(cache.verdict(leaf: [1], at: 10) != nil && cache.verdict(leaf: [1], at: 100) != nil)
        #expect(cache.verdict(leaf: [1], at: 101) == nil)
        #expect(cache.verdict(leaf: [2], at: 50) == nil)
    }

    @Test func itIsBoundedAndKeepsWhatIsMet() {
        let cache = VerdictCache(capacity: 16)
        cache.insert(verdict(200))
        for leaf in 0..<100 {
            cache.insert(verdict(UInt8(leaf)))
            #expect(cache.verdict(leaf: [200], at: 1) != nil, "forgotten after \(leaf)")
            #expect(cache.count <= 16)
        }
        #expect(cache.verdict(leaf: [0], at: 1) == nil)
    }

    @Test func intermediatesAreRememberedWithinABound() {
        let cache = VerdictCache()
        cache.insert(verdict(1, issuer: "CN=A", intermediates: [[1], [2]]))
        #expect(cache.intermediates(issuer: "CN=A") == [[1], [2]])
        for index in 0..<200 { cache.insert(verdict(2, issuer: "CN=\(index)")) }
        #expect(cache.intermediates(issuer: "CN=A").isEmpty)
        #expect(cache.intermediates(issuer: "CN=199") == [[9]])
    }
}
