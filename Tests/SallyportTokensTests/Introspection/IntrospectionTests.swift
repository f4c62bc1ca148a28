import SallyportPKI
import Testing

@testable import SallyportTokens

@Suite struct IntrospectionTests {
    private static let now: Int64 = 1000
    private static let rules = TokenRules(issuer: "https://id.example.org", audiences: ["orders"])

    private func answer(_ text: String) throws(TokenFault) -> IntrospectionAnswer {
        try IntrospectionAnswer(Array(text.utf8), rules: Self.rules, at: Self.now)
    }

    @Test func answers() throws {
        #expect(try answer(#"{"active":false}"#) == .inactive)
        #expect(try answer(#"{"active":false,"exp":"nonsense"}"#) == .inactive)
        guard case .active(let claims) = try answer(#"{"active":true,"aud":"orders","scope":"a b","username":"alice"}"#)
        else {
            Issue.record("not active")
            return
        }
        #expect(
            claims.facts.issuer == Self.rules.issuer && claims.facts.expires == Self.now + 60
                && claims.facts.scope == ["a", "b"])
        try claims.check(Self.rules, certificate: nil, at: Self.now)
    }

    @Test(arguments: [
        ("", TokenFault.malformed), ("{}", .malformed), (#"{"active":"true"}"#, .malformed),
        (#"{"active":1}"#, .malformed), ("[]", .malformed),
        (#"{"active":true,"active":false}"#, .malformed), (#"{"active":true}"#, .claimMissing),
        (#"{"active":true,"aud":"orders","exp":"soon"}"#, .malformed),
    ])
    func answersThatAreRefused(_ text: String, _ fault: TokenFault) { #expect(throws: fault) { try answer(text) } }

    /// An answer about somebody else's token, or for somebody else, is no better than such a token.
    @Test(arguments: [
        (#"{"active":true,"aud":"stock"}"#, TokenFault.audience),
        (#"{"active":true,"aud":"orders","iss":"https://evil.example"}"#, .issuer),
        (#"{"active":true,"aud":"orders","exp":900}"#, .expired),
        (#"{"active":true,"aud":"orders","nbf":2000}"#, .notYetValid),
    ])
    func answersAreCheckedLikeTokens(_ text: String, _ fault: TokenFault) throws {
        guard case .active(let claims) = try answer(text) else {
            Issue.record("not active")
            return
        }
        #expect(throws: fault) { try claims.check(Self.rules, certificate: nil, at: Self.now) }
    }

    // MARK: cache

    private func digest(_ number: Int) -> TokenDigest { TokenDigest(of: Array("\(number)".utf8)) }

    @Test func aQuestionIsAskedOnce() throws {
        var cache = IntrospectionCache()
        #expect(cache.decide(digest(1), at: 0) == .ask)
        #expect(cache.decide(digest(1), at: 0) == .wait)
        cache.failed(digest(1))
        #expect(cache.decide(digest(1), at: 0) == .ask)
        cache.answered(.inactive, about: digest(1), at: 0)
        #expect(cache.decide(digest(1), at: 9) == .inactive)
        #expect(cache.decide(digest(1), at: 10) == .ask)
    }

    @Test(arguments: [(1030, 1030), (1300, 1060), (900, 1010)] as [(Int, Int64)])
    func goodAnswersAreKeptForAWhile(_ expires: Int, _ until: Int64) throws {
        var cache = IntrospectionCache()
        let active = try answer(#"{"active":true,"aud":"orders","exp":\#(expires)}"#)
        _ = cache.decide(digest(1), at: Self.now)
        cache.answered(active, about: digest(1), at: Self.now)
        #expect(cache.decide(digest(1), at: until - 1) != .ask)
        #expect(cache.decide(digest(1), at: until) == .ask)
    }

    @Test func everythingIsBounded() {
        var cache = IntrospectionCache(most: 10, mostWaiting: 3)
        #expect((0..<5).map { cache.decide(digest($0), at: 0) } == [.ask, .ask, .ask, .busy, .busy])
        for number in 0..<3 { cache.answered(.inactive, about: digest(number), at: 0) }
        for number in 10..<200 {
            #expect(cache.decide(digest(number), at: 0) == .ask)
            cache.answered(.inactive, about: digest(number), at: 0)
            #expect(cache.count <= 10)
        }
    }

    // MARK: question

    @Test func theQuestionIsAForm() throws {
        let url = try #require(FetchURL("https://id.example.org/introspect"))
        let request = try #require(
            IntrospectionRequest.make(
                token: Array("a-b.c~/+==".utf8), url: url, client: "gate way", secret: "p&s:é", trust: .system,
                bounds: FetchBounds()))
        #expect(
            String(decoding: request.body, as: UTF8.self) == "token=a-b.c~%2F%2B%3D%3D&token_type_hint=access_token")
        // gate%20way:p%26s%3A%C3%A9
        #expect(
            request.fields.first { $0.name == "authorization" }?.value == "Basic Z2F0ZSUyMHdheTpwJTI2cyUzQSVDMyVBOQ==")
    }

    @Test(arguments: ["", "=", "a b", "a\nb", "a&b", "a=b", "é", "a\0"])
    func whatIsNoBearerTokenIsNotSent(_ token: String) throws {
        let url = try #require(FetchURL("https://id.example.org/introspect"))
        #expect(
            IntrospectionRequest.make(
                token: Array(token.utf8), url: url, client: "c", secret: "s", trust: .system, bounds: FetchBounds())
                == nil)
    }
}
