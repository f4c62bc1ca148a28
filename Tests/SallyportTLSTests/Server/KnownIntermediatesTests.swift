import Testing

@testable import SallyportTLS

@Suite struct KnownIntermediatesTests {
    @Test func oneClientDoesNotDisplaceWhatAnotherNeeds() {
        var known = KnownIntermediates()
        known.insert([[1], [2]], issuer: [7])
        known.insert([[3]], issuer: [7])
        #expect(known.chains(issuer: [7]) == [[[3]], [[1], [2]]])
        known.insert([[1], [2]], issuer: [7])
        #expect(known.chains(issuer: [7]) == [[[1], [2]], [[3]]])
        #expect(known.chains(issuer: [8]).isEmpty)
    }

    @Test func anEmptyChainIsNotKept() {
        var known = KnownIntermediates()
        known.insert([], issuer: [7])
        #expect(known.chains(issuer: [7]).isEmpty)
    }

    @Test func aFewOfOneIssuerAreKept() {
        var known = KnownIntermediates()
        for index in 0..<UInt8(100) { known.insert([[index]], issuer: [7]) }
        #expect(known.chains(issuer: [7]) == [[[99]], [[98]], [[97]], [[96]]])
    }

    @Test func atTheBoundTheOldestIssuerIsForgotten() {
        var known = KnownIntermediates()
        for index in 0..<UInt8(KnownIntermediates.maximumIssuers) { known.insert([[index]], issuer: [index]) }
        known.insert([[0]], issuer: [0])
        known.insert([[200]], issuer: [200])
        #expect(known.chains(issuer: [1]).isEmpty, "met the longest ago")
        #expect(known.chains(issuer: [0]) == [[[0]]] && known.chains(issuer: [2]) == [[[2]]])
        #expect(known.chains(issuer: [200]) == [[[200]]])
    }
}
