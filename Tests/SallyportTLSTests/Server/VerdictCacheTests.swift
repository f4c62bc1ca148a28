import SallyportModel
import Testing

@testable import SallyportPKI
@testable import SallyportTLS

@Suite struct VerdictCacheTests {
    private func verdict(
        _ leaf: UInt8, from: Int64 = 0, until: Int64 = 100
    ) -> VerdictCache.Verdict {
        let facts = CertificateFacts(
            subject: "CN=\(leaf)", issuer: "CN=I", serial: "01", notBefore: from - 5, notAfter: until + 50, fingerprint: [],
            der: [leaf])
        return VerdictCache.Verdict(
            identity: Identity(names: [], certificate: facts, authority: "clients", intermediates: [[9]]),
            presented: [[9]], validFrom: from, validUntil: until,
            status: StatusPath(authority: "clients", subjects: [], anchorKeyFingerprint: []))
    }

    /// The leaf of these verdicts is valid five seconds before the rest of its path.
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
}
