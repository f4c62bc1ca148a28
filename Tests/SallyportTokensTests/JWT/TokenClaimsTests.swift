import SallyportPKI
import Testing

@testable import SallyportTokens

@Suite struct TokenClaimsTests {
    private let mint: TokenMint
    private static let now = TokenMint.now

    init() throws { mint = try TokenMint() }

    private static func text(
        iss: String = #""https://id.example.org""#, aud: String = #""orders""#, exp: String = "\(now + 300)",
        more: String = ""
    ) -> String {
        #"{"iss":\#(iss),"aud":\#(aud),"exp":\#(exp)\#(more)}"#
    }

    @Test(
        arguments: [
            (text(), nil), (text(aud: #"["stock","orders"]"#), nil), (text(aud: #"["stock"]"#), .audience),
            (text(aud: "[]"), .audience),
            (text(aud: #""Orders""#), .audience), (text(aud: #""orders ""#), .audience), (text(aud: "7"), .malformed),
            (text(aud: #"["orders",7]"#), .malformed),
            (text(aud: #"{"orders":1}"#), .malformed), (text(aud: "null"), .malformed),
            (text(iss: #""https://id.example.org/""#), .issuer),
            (text(iss: #""https://id.example.org.evil.example""#), .issuer),
            (text(iss: #""HTTPS://id.example.org""#), .issuer), (text(iss: #"["https://id.example.org"]"#), .malformed),
            (text(iss: "null"), .malformed),
            (#"{"aud":"orders","exp":99999999999}"#, .claimMissing),
            (#"{"iss":"https://id.example.org","exp":99999999999}"#, .claimMissing),
            (#"{"iss":"https://id.example.org","aud":"orders"}"#, .claimMissing), ("[]", .malformed), ("7", .malformed),
            ("{", .malformed),
            // end, with 60 seconds of skew
            (text(exp: "\(now)"), nil), (text(exp: "\(now - 59)"), nil), (text(exp: "\(now - 60)"), .expired),
            (text(exp: "0"), .expired),
            (text(exp: "\(now - 60).9"), .expired), (text(exp: "\(now).5"), nil), (text(exp: "1.8e9"), nil),
            (text(exp: "-1"), .malformed),
            (text(exp: #""\#(now + 300)""#), .malformed), (text(exp: "null"), .malformed),
            (text(exp: "true"), .malformed), (text(exp: "1e300"), .malformed),
            (text(exp: "9223372036854775807"), .malformed), (text(exp: "99999999999999999999"), .malformed),
            (text(exp: "253402300799"), nil),
            (text(exp: "1e999"), .malformed), (text(exp: "NaN"), .malformed),
            (text(exp: "\(now + 300)000"), .malformed),
            // begin
            (text(more: #","nbf":\#(now)"#), nil), (text(more: #","nbf":\#(now + 60)"#), nil),
            (text(more: #","nbf":\#(now + 61)"#), .notYetValid),
            (text(more: #","nbf":\#(now + 60).1"#), .notYetValid), (text(more: #","iat":\#(now + 60)"#), nil),
            (text(more: #","iat":\#(now + 61)"#), .notYetValid),
            (text(more: #","nbf":"0""#), .malformed), (text(more: #","iat":null"#), .malformed),
            (text(more: #","nbf":[]"#), .malformed),
            // twice
            (text(more: #","exp":99999999999"#), .malformed), (text(more: #","aud":"x""#), .malformed),
            (text(more: #","\u0061ud":"x""#), .malformed),
            (text(more: #","x":{"a":1,"a":2}"#), .malformed),
            // kinds
            (text(more: #","sub":7"#), .malformed), (text(more: #","scope":"a b""#), nil),
            (text(more: #","scope":["a","b"]"#), nil),
            (text(more: #","scope":7"#), .malformed), (text(more: #","client_id":[]"#), .malformed),
            (text(more: #","x":"\ud800""#), .malformed),
            (text(more: #","x":01"#), .malformed), (text(more: #","x":.5"#), .malformed),
            (text(more: #","x":1."#), .malformed), (text(more: #","x":-0.5e-3"#), nil),
            // bound to a key that nobody proves to have
            (text(more: #","cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#), .boundElsewhere),
            (text(more: #","cnf":{}"#), .boundElsewhere),
            (text(more: #","cnf":null"#), .boundElsewhere), (text(more: #","cnf":{"x5t#S256":7}"#), .boundElsewhere),
            (text(more: #","cnf":{"x5t#S256":"AAAA"}"#), .malformed),
        ] as [(String, TokenFault?)])
    func claims(_ claims: String, _ expected: TokenFault?) async throws {
        #expect(try await mint.fault(mint.token(claims: claims)) == expected)
    }

    /// RFC 8705 section 3: with certificate, with another one, without.
    @Test func boundTokens() async throws {
        let (own, other) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        let bound = try mint.token(claims: Self.text(more: #","cnf":{"x5t#S256":"\#(Base64URL.encode(own))"}"#))
        let free = try mint.token()
        var strict = TokenMint.rules
        strict.mustBeBound = true
        for rules in [TokenMint.rules, strict] {
            #expect(try await mint.fault(bound, rules: rules, certificate: own) == nil)
            #expect(try await mint.fault(bound, rules: rules, certificate: other) == .boundElsewhere)
            #expect(try await mint.fault(bound, rules: rules) == .boundElsewhere)
        }
        #expect(try await mint.fault(free, certificate: own) == nil)
        #expect(try await mint.fault(free, rules: strict, certificate: own) == .notBound)
    }

    /// What was checked once is not believed for longer than it is good, nor on another connection.
    @Test func rememberedTokensAreCheckedAgain() async throws {
        let own = [UInt8](repeating: 1, count: 32)
        let text = try mint.token(claims: Self.text(more: #","cnf":{"x5t#S256":"\#(Base64URL.encode(own))"}"#))
        let keys = try await VerificationKeys(jwks: Array(mint.set().utf8), revision: 3)
        let verifier = TokenVerifier(TokenMint.rules)
        let token = try SignedToken(text.utf8)
        let memory = VerifiedTokens(most: 4)
        #expect(memory.claims(of: token.digest, revision: 3) == nil)
        memory.remember(
            try verifier.verify(token, keys: keys, certificate: own, at: Self.now), of: token.digest, revision: 3)
        let known = try #require(memory.claims(of: token.digest, revision: 3))
        #expect(try verifier.recheck(known, certificate: own, at: Self.now).issuer == TokenMint.issuer)
        #expect(throws: TokenFault.expired) { try verifier.recheck(known, certificate: own, at: Self.now + 361) }
        #expect(throws: TokenFault.boundElsewhere) { try verifier.recheck(known, certificate: nil, at: Self.now) }
        #expect(memory.claims(of: token.digest, revision: 4) == nil)
    }

    @Test func memoryIsBounded() throws {
        let memory = VerifiedTokens(most: 10)
        let claims = try TokenClaims(
            .members(["iss": .string("i"), "aud": .string("a"), "exp": .integer(1)]))
        let digests = (0..<100).map { TokenDigest(of: [UInt8($0)]) }
        for digest in digests {
            memory.remember(claims, of: digest, revision: 1)
            #expect(memory.claims(of: digests[0], revision: 1) != nil, "what is asked for stays")
            #expect(memory.count <= 10)
        }
        memory.remember(claims, of: digests[0], revision: 2)
        #expect(memory.count == 1)
        memory.remember(claims, of: digests[1], revision: 1)
        #expect(memory.claims(of: digests[1], revision: 2) == nil, "former keys do not come back")
    }
}
