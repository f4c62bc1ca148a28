import SallyportModel
import SallyportPKI
import Testing

@testable import SallyportTokens

/// What operators read about a refused token: the same verdict as the gateway's, in words that name what is wrong.
@Suite struct TokenTrialTests {
    private let mint: TokenMint

    init() throws { mint = try TokenMint() }

    private func steps(_ token: String, keys: String? = nil, certificate: [UInt8]? = nil) async throws -> [TokenStep] {
        let keys = try await VerificationKeys(jwks: Array((keys ?? mint.set()).utf8), revision: 1)
        return TokenTrial(TokenMint.rules, keys: keys, certificate: certificate, at: TokenMint.now)
            .steps(of: Array(token.utf8))
    }

    @Test func aGoodTokenIsGoodInEveryStep() async throws {
        let steps = try await steps(mint.token())
        #expect(steps.map(\.name) == ["form", "issuer", "audience", "time", "binding", "key", "signature"])
        #expect(steps.allSatisfy { $0.fault == nil })
        #expect(steps[5].words == #"key "p256" of https://id.example.org"#)
    }

    private static func claims(_ text: String) -> String { text }

    @Test func eachFaultIsSaidInItsOwnWords() async throws {
        let now = TokenMint.now
        let other = try TokenMint()
        let good = try mint.token()
        let cases: [(token: String, words: String)] = [
            (try mint.token(claims: TokenMint.claims(exp: "\(now - 180 - 60)")), "it expired 4 minutes ago, at "),
            (
                try mint.token(claims: #"{"iss":"https://id.example.org","aud":["a","b"],"exp":\#(now + 9)}"#),
                #"it is for "a", "b", wanted is "orders""#
            ),
            (
                try mint.token(claims: #"{"iss":"https://evil.example","aud":"orders","exp":\#(now + 9)}"#),
                #"it is of "https://evil.example", wanted is "https://id.example.org""#
            ),
            (try mint.token(claims: TokenMint.claims(#","nbf":\#(now + 7200)"#)), "it is good in 2 hours, from "),
            (try mint.token(claims: #"{"iss":"i"}"#), "it has no aud and no exp"),
            (try mint.token(header: #"{"alg":"ES256","kid":"k\u001b[31m"}"#), #"no key "k\u{1b}[31m" for ES256"#),
            (try mint.token(header: #"{"alg":"RS256"}"#, claims: "[]"), "its payload is no strict JSON object"),
            (try mint.token(header: #"{"alg":"none"}"#), #"its alg "none" is none that is known"#),
            (try mint.token(header: #"{"alg":"ES256","typ":"logout+jwt"}"#), #"its typ is "logout+jwt""#),
            (try mint.token(header: #"{"alg":"ES256","crit":["exp"]}"#), "its header has crit"),
            (try other.token(), #"key "p256" of https://id.example.org did not make it"#),
            ("opaque", "it has no dots, so it is no JWT"), ("a.b", "it has 2 parts"), (good + "=", "its signature is no"),
            (String(repeating: "x", count: 20_000), "it has 20000 bytes"),
            (try mint.mac([1], header: #"{"alg":"HS256"}"#), "it is signed with HS256; the policy takes ES256, "),
        ]
        for (token, words) in cases {
            let last = try #require(try await steps(token).last)
            #expect(last.words.hasPrefix(words), "\(last.words)")
            #expect(last.fault == (try await mint.fault(token)), "\(words)")
        }
    }

    @Test func withoutKeysItSaysWhy() throws {
        let trial = TokenTrial(
            TokenMint.rules, keys: nil, whyNoKeys: "it answers 404", certificate: nil, at: TokenMint.now)
        let last = try #require(trial.steps(of: Array(mint.token().utf8)).last)
        #expect(last.fault == .keysUnavailable && last.words.hasSuffix("it answers 404"))
    }

    @Test func bindingIsSaid() async throws {
        let own = [UInt8](repeating: 1, count: 32)
        let bound = try mint.token(claims: TokenMint.claims(#","cnf":{"x5t#S256":"\#(Base64URL.encode(own))"}"#))
        #expect(try await steps(bound).last?.words == "it is bound to a certificate, and the client has shown none")
        #expect(
            try await steps(bound, certificate: [9]).last?.words
                == "it is bound to another certificate than the client's")
        #expect(try await steps(bound, certificate: own).last?.fault == nil)
    }

    /// Whoever sends tokens chooses what is in them: neither the signature nor a long text gets into words.
    @Test func wordsAreBoundedAndWithoutTheToken() async throws {
        let long = String(repeating: "a", count: 5000)
        let audiences = (0..<100).map { #""\#($0)\#(long.prefix(60))""# }.joined(separator: ",")
        let tokens = [
            try mint.token(header: #"{"alg":"ES256","kid":"\#(long.prefix(256))"}"#),
            try mint.token(claims: #"{"iss":"\#(long)","aud":"orders","exp":1}"#),
            try mint.token(claims: #"{"iss":"\#(TokenMint.issuer)","aud":[\#(audiences)],"exp":1}"#),
            try mint.token(header: #"{"alg":"\#(long.prefix(2000))"}"#),
        ]
        for token in tokens {
            for step in try await steps(token) {
                #expect(step.words.utf8.count < 700)
                for part in token.split(separator: ".") { #expect(!step.words.contains(part)) }
            }
        }
    }
}
