import Testing

@testable import SallyportLimits

@Suite struct LeasedBucketTests {
    /// Ten at a time, of a hundred.
    static let terms = LeaseTerms(.pace(Pace(amount: 5000, period: 1_000_000_000, burst: 500)))
    static let second: UInt64 = 1_000_000_000
    static let hour = 3600 * second

    static func granted(_ count: Int64, left: UInt64 = 100) -> LeaseAnswer {
        LeaseAnswer(granted: count, left: left, retryAfter: 0, untilFull: second)
    }

    static func denied(for time: UInt64) -> LeaseAnswer {
        LeaseAnswer(granted: 0, left: 0, retryAfter: time, untilFull: time)
    }

    static func ask(_ bucket: inout LeasedBucket, at now: UInt64) throws -> LeaseQuestion {
        let question = bucket.question(terms, now: now)
        #expect(bucket.isAsked)
        return try #require(question)
    }

    /// Asked and answered at this moment.
    static func bucket(_ answer: LeaseAnswer, at now: UInt64) throws -> LeasedBucket {
        var bucket = LeasedBucket()
        let question = try ask(&bucket, at: now)
        bucket.receive(answer, to: question, now: now)
        return bucket
    }

    @Test func theNextLeaseIsAskedForWhenHalfIsUsed() throws {
        var bucket = try Self.bucket(Self.granted(10), at: Self.second)
        for _ in 0..<5 {
            #expect(bucket.verdict(cost: 1, now: Self.second) == .available)
            #expect(bucket.question(Self.terms, now: Self.second) == nil)
            bucket.take(1)
        }
        bucket.take(1)
        #expect(bucket.question(Self.terms, now: Self.second) == LeaseQuestion(want: 10, owed: 0))
        #expect(bucket.question(Self.terms, now: Self.second) == nil, "one question at a time")
    }

    @Test func nothingIsKnownBeforeTheFirstAnswer() throws {
        var bucket = LeasedBucket()
        #expect(bucket.verdict(cost: 1, now: 0) == .unknown)
        let question = try Self.ask(&bucket, at: 0)
        bucket.missed()
        #expect(bucket.verdict(cost: 1, now: 0) == .unknown)
        #expect(bucket.question(Self.terms, now: 0) == question)
    }

    @Test func aDenialHoldsForItsTime() throws {
        var bucket = try Self.bucket(Self.denied(for: 2 * Self.second), at: Self.second)
        #expect(bucket.verdict(cost: 1, now: 2 * Self.second) == .refused(retryAfter: Self.second))
        #expect(bucket.question(Self.terms, now: 2 * Self.second) == nil)
        #expect(bucket.verdict(cost: 1, now: 3 * Self.second) == .unknown)
        #expect(bucket.question(Self.terms, now: 3 * Self.second) != nil)
    }

    /// The counts may have been lost, or somebody may have given back.
    @Test func aLongDenialIsAskedAboutWhileItHolds() throws {
        var bucket = try Self.bucket(Self.denied(for: Self.hour), at: 0)
        #expect(bucket.question(Self.terms, now: 4 * Self.second) == nil)
        let question = try Self.ask(&bucket, at: 5 * Self.second)
        #expect(bucket.verdict(cost: 1, now: 5 * Self.second) == .refused(retryAfter: Self.hour - 5 * Self.second))
        bucket.receive(Self.granted(10), to: question, now: 5 * Self.second)
        #expect(bucket.verdict(cost: 1, now: 5 * Self.second) == .available)
    }

    @Test func whatWasOwedIsChargedWithTheNextLease() throws {
        var bucket = try Self.bucket(Self.granted(10), at: 0)
        bucket.take(25)
        #expect(bucket.verdict(cost: 1, now: 0) == .unknown)
        let question = try Self.ask(&bucket, at: 0)
        #expect(question == LeaseQuestion(want: 10, owed: 15))
        bucket.receive(Self.granted(10), to: question, now: 0)
        #expect(bucket.remaining == 110)
        #expect(bucket.surrender() == 10)
        #expect(bucket.surrender() == 0)
    }

    @Test func tokensEndWithTheCountsTheyCameFrom() throws {
        var bucket = try Self.bucket(Self.granted(10), at: 0)
        #expect(bucket.verdict(cost: 1, now: Self.second - 1) == .available)
        #expect(!bucket.isIdle(now: Self.second - 1))
        #expect(bucket.verdict(cost: 1, now: Self.second) == .unknown)
        #expect(bucket.isIdle(now: Self.second))
    }
}
