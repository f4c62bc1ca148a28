import Testing

@testable import SallyportTokens

@Suite struct KeyRotationTests {
    @Test func lifeOfASet() {
        var rotation = KeyRotation()
        #expect(rotation.isDue(at: 1000) && !rotation.isUsable(at: 1000))
        rotation.fetched(maximumAge: 600, at: 1000)
        #expect(!rotation.isDue(at: 1599) && rotation.isDue(at: 1600))
        #expect(
            rotation.isUsable(at: 1600) && rotation.isUsable(at: 1600 + 86_399) && !rotation.isUsable(at: 1600 + 86_400)
        )
    }

    @Test(
        arguments: [(nil, 300), (0, 300), (-5, 300), (299, 300), (301, 301), (86_400, 86_400), (Int64.max, 86_400)]
            as [(Int64?, Int64)])
    func ageIsHeldToItsBounds(_ age: Int64?, _ expected: Int64) {
        var rotation = KeyRotation()
        rotation.fetched(maximumAge: age, at: 0)
        #expect(!rotation.isDue(at: expected - 1) && rotation.isDue(at: expected))
    }

    @Test func failuresWaitLongerEachTime() {
        var rotation = KeyRotation()
        var now: Int64 = 0
        for pause: Int64 in [5, 10, 20, 40, 80, 160, 300, 300] {
            rotation.failed(at: now)
            #expect(!rotation.isDue(at: now + pause - 1) && rotation.isDue(at: now + pause))
            now += pause
        }
        rotation.fetched(maximumAge: nil, at: now)
        rotation.failed(at: now + 300)
        #expect(rotation.isUsable(at: now + 300) && !rotation.isDue(at: now + 304) && rotation.isDue(at: now + 305))
    }

    /// Invented names of keys cost the issuer one fetch in 30 seconds, however many there are.
    @Test func unknownKeysFetchAtMostOnceInThirtySeconds() {
        var rotation = KeyRotation()
        rotation.fetched(maximumAge: 3600, at: 0)
        let fetches = (0..<300).filter { rotation.sawUnknownKey(at: Int64($0)) }
        #expect(fetches == Array(stride(from: 0, to: 300, by: 30)))
    }

    /// An issuer that does not answer is not asked more often because of tokens that nobody knows.
    @Test func unknownKeysDoNotShortenThePause() {
        var rotation = KeyRotation()
        for now: Int64 in [0, 5, 15, 35] { rotation.failed(at: now) }
        #expect(!rotation.sawUnknownKey(at: 74) && rotation.sawUnknownKey(at: 75))
    }

    @Test(
        arguments: [
            ("max-age=600", 600), ("public, max-age=600", 600), ("max-age=\"600\"", 600), ("Max-Age = 7", 7),
            ("no-store", 0), ("max-age=600, no-cache", 0),
            ("", nil), ("max-age", nil), ("max-age=", nil), ("max-age=-1", nil), ("max-age=1, max-age=2", nil),
            ("s-maxage=600", nil),
            ("max-age=99999999999999999999", Int64.max),
        ] as [(String, Int64?)])
    func cacheControl(_ field: String, _ seconds: Int64?) { #expect(CacheAge.seconds(field) == seconds) }
}
