import SallyportPKI
import SallyportModel
import Testing

@testable import SallyportTokens

@Suite struct TokenVerifierTests {
    private let mint: TokenMint

    init() throws { mint = try TokenMint() }

    @Test(arguments: TokenAlgorithm.signatures) func goodTokens(_ algorithm: TokenAlgorithm) async throws {
        #expect(try await mint.fault(mint.token(algorithm)) == nil)
    }

    @Test func factsOfAGoodToken() async throws {
        let text = try mint.token(
            claims: TokenMint.claims(#","azp":"app","scope":"a b","roles":["x",1,0.5,true,null],"n":{"m":"v"}"#))
        let keys = try await VerificationKeys(jwks: Array(mint.set().utf8), revision: 1)
        let facts = try TokenVerifier(TokenMint.rules)
            .verify(SignedToken(text.utf8), keys: keys, certificate: nil, at: TokenMint.now).facts
        #expect(facts.issuer == TokenMint.issuer && facts.subject == "alice" && facts.client == "app")
        #expect(facts.audience == ["orders"] && facts.scope == ["a", "b"] && facts.expires == TokenMint.now + 300)
        #expect(facts.claims[path: ["roles"]] == .list([.text("x"), .integer(1), .decimal(0.5), .truth(true), .null]))
        #expect(facts.claims[path: ["n", "m"]] == .text("v"))
    }

    // MARK: header

    @Test(arguments: [
        (#"{"alg":"none"}"#, TokenFault.algorithm), (#"{"alg":"None"}"#, .algorithm), (#"{"alg":"NONE"}"#, .algorithm),
        (#"{"alg":"nOnE"}"#, .algorithm), (#"{"alg":""}"#, .algorithm), (#"{"alg":null}"#, .algorithm),
        (#"{}"#, .algorithm),
        (#"{"alg":["ES256"]}"#, .algorithm), (#"{"alg":"es256","kid":"p256"}"#, .algorithm),
        (#"{"alg":"ES256 ","kid":"p256"}"#, .algorithm),
        (#"{"alg":"ES512","kid":"p256"}"#, .unknownKey), (#"{"alg":"ES256K","kid":"p256"}"#, .algorithm),
        (#"{"alg":"HS256","kid":"p256"}"#, .algorithm), (#"{"alg":"RSA-OAEP","kid":"rsa"}"#, .algorithm),
        (#"{"alg":"none","alg":"ES256","kid":"p256"}"#, .malformed),
        (#"{"alg":"ES256","kid":"p256","kid":"rsa"}"#, .malformed),
        (#"{"alg":"ES256","kid":"p256","crit":["exp"]}"#, .header),
        (#"{"alg":"ES256","kid":"p256","crit":[]}"#, .header),
        (#"{"alg":"ES256","kid":"p256","b64":false}"#, .header),
        (#"{"alg":"ES256","kid":"p256","enc":"A128GCM"}"#, .header),
        (#"{"alg":"ES256","kid":"p256","zip":"DEF"}"#, .header),
        (#"{"alg":"ES256","kid":"p256","typ":"logout+jwt"}"#, .header),
        (#"{"alg":"ES256","kid":"p256","typ":"dpop+jwt"}"#, .header),
        (#"{"alg":"ES256","kid":"p256","typ":7}"#, .header),
        (#"{"alg":"ES256","kid":"nobody"}"#, .unknownKey),
        (#"{"alg":"ES256","kid":"../../../../dev/null"}"#, .unknownKey),
        (#"{"alg":"ES256","kid":"x' UNION SELECT 'secret"}"#, .unknownKey),
        (#"{"alg":"ES256","kid":"p256\u0000"}"#, .unknownKey),
        (#"{"alg":"ES256","kid":"rsa"}"#, .unknownKey), (#"{"alg":"ES256","kid":"p384"}"#, .unknownKey),
        (#"{"alg":"RS256","kid":"p256"}"#, .unknownKey),
        (#"{"alg":"ES384","kid":"p256"}"#, .unknownKey), (#"{"alg":"ES256","kid":""}"#, .malformed),
        (#"{"alg":"ES256","kid":7}"#, .malformed),
        (#"{"alg":"ES256","kid":"P256"}"#, .unknownKey), (#"["ES256"]"#, .malformed), (#""ES256""#, .malformed),
        ("", .malformed),
        (#"{"alg":"ES256","kid":"p256"} x"#, .malformed), (#"{"alg":"ES256","kid":"p256",}"#, .malformed),
    ])
    func headersThatAreRefused(_ header: String, _ expected: TokenFault) async throws {
        #expect(try await mint.fault(mint.token(header: header)) == expected)
    }

    @Test(arguments: [
        #"{"alg":"ES256","kid":"p256","typ":"JWT"}"#, #"{"alg":"ES256","kid":"p256","typ":"at+jwt"}"#,
        #"{"alg":"ES256","kid":"p256","typ":"application/at+JWT"}"#, #"{"alg":"ES256"}"#,
        #"{"alg":"ES256","kid":"p256","jku":"https://evil.example/keys","x5u":"https://evil.example/c","jwk":{"kty":"oct","k":"AA"}}"#,
    ])
    func headersThatAreTaken(_ header: String) async throws {
        #expect(try await mint.fault(mint.token(header: header)) == nil)
    }

    /// A key in the token signs for whoever put it there.
    @Test func aKeyInTheTokenIsNotUsed() async throws {
        let other = try TokenMint()
        let header = #"{"alg":"ES256","kid":"p256","jwk":\#(try other.p256Key())}"#
        #expect(try await mint.fault(other.token(header: header)) == .signature)
    }

    @Test func aTokenWithoutKeyIdentifierNeedsASingleKey() async throws {
        let two = #"{"keys":[\#(try mint.p256Key()),\#(try TokenMint().p256Key(kid: "second"))]}"#
        #expect(try await mint.fault(mint.token(header: #"{"alg":"ES256"}"#), keys: two) == .unknownKey)
        #expect(try await mint.fault(mint.token(), keys: two) == nil)
    }

    // MARK: algorithm confusion

    /// RS256 to HS256 with the public key as secret, in each form in which a public key goes round.
    @Test func thePublicKeyIsNoSecret() async throws {
        let every = TokenRules(
            issuer: TokenMint.issuer, audiences: ["orders"], algorithms: Set(TokenAlgorithm.allCases))
        let secrets = [
            Array(mint.rsa.publicKey.pemRepresentation.utf8), Array(mint.rsa.publicKey.derRepresentation),
            Array(try mint.rsaKey().utf8), Array(mint.p256.publicKey.rawRepresentation), [],
        ]
        for secret in secrets {
            for kid in ["rsa", "p256"] {
                let token = try mint.mac(secret, header: #"{"alg":"HS256","kid":"\#(kid)"}"#)
                #expect(try await mint.fault(token) == .algorithm)
                #expect(try await mint.fault(token, rules: every) == .unknownKey)
                let disguised = try mint.mac(secret, header: #"{"alg":"RS256","kid":"\#(kid)"}"#)
                #expect(try await mint.fault(disguised, rules: every) != nil)
            }
        }
    }

    @Test func theKeysOwnAlgorithmCounts() async throws {
        let keys = #"{"keys":[\#(try mint.rsaKey(#","alg":"PS256""#))]}"#
        #expect(try await mint.fault(mint.token(.ps256), keys: keys) == nil)
        for other in [TokenAlgorithm.rs256, .ps384] {
            #expect(try await mint.fault(mint.token(other), keys: keys) == .unknownKey)
        }
    }

    @Test func theAllowListCounts() async throws {
        var rules = TokenMint.rules
        rules.algorithms = [.es256]
        #expect(try await mint.fault(mint.token(.es256), rules: rules) == nil)
        #expect(try await mint.fault(mint.token(.rs256), rules: rules) == .algorithm)
    }

    @Test func secretsSignOnlyWithTheirAlgorithm() async throws {
        let secret = [UInt8](repeating: 7, count: 32)
        let keys = try await VerificationKeys(secret: secret, algorithm: .hs256, revision: 1)
        let rules = TokenRules(issuer: TokenMint.issuer, audiences: ["orders"], algorithms: [.hs256])
        for header in [#"{"alg":"HS256"}"#, #"{"alg":"HS256","kid":"anything"}"#] {
            let good = try SignedToken(mint.mac(secret, header: header).utf8)
            #expect(
                try TokenVerifier(rules).verify(good, keys: keys, certificate: nil, at: TokenMint.now).facts.subject
                    == "alice")
        }
        let bad = try SignedToken(mint.mac([UInt8](repeating: 8, count: 32), header: #"{"alg":"HS256"}"#).utf8)
        #expect(throws: TokenFault.signature) {
            try TokenVerifier(rules).verify(bad, keys: keys, certificate: nil, at: TokenMint.now)
        }
        await #expect(throws: TokenKeyFault.weakSecret) {
            try await VerificationKeys(secret: [UInt8](repeating: 7, count: 31), algorithm: .hs256, revision: 1)
        }
    }

    // MARK: signature

    @Test func changedTokensAreRefused() async throws {
        for algorithm in [TokenAlgorithm.es256, .rs256, .ps256, .edDSA] {
            let good = try mint.token(algorithm)
            let parts = good.split(separator: ".").map(String.init)
            let signature = try #require(Base64URL.decode(parts[2]))
            let changed: [[UInt8]] = [
                Array(signature.dropLast()), signature + [0], [UInt8](repeating: 0, count: signature.count), [0],
                Array(signature.reversed()), [UInt8](repeating: 255, count: signature.count),
                [0] + Array(signature.dropLast()),
            ]
            for wrong in changed {
                #expect(try await mint.fault("\(parts[0]).\(parts[1]).\(Base64URL.encode(wrong))") == .signature)
            }
            let claims = Base64URL.encode(TokenMint.claims(#","admin":true"#).utf8)
            #expect(try await mint.fault("\(parts[0]).\(claims).\(parts[2])") == .signature)
        }
    }

    /// Twice zero once passed for everybody (CVE-2022-21449), and DER is another form of the same signature.
    @Test func oddSignaturesOfCurvesAreRefused() async throws {
        let parts = try mint.token().split(separator: ".").map(String.init)
        let raw = try #require(Base64URL.decode(parts[2]))
        let der = try P256Signature.der(raw)
        let order = Array(repeating: UInt8(255), count: 32)
        let odd: [[UInt8]] = [
            [UInt8](repeating: 0, count: 64), der, order + order, Array(raw[..<32]) + [UInt8](repeating: 0, count: 32),
            [UInt8](repeating: 0, count: 32) + Array(raw[32...]),
        ]
        for wrong in odd {
            #expect(try await mint.fault("\(parts[0]).\(parts[1]).\(Base64URL.encode(wrong))") == .signature)
        }
        let other = try mint.token(.es384, header: #"{"alg":"ES256","kid":"p256"}"#)
        #expect(try await mint.fault(other) == .signature)
    }

    // MARK: form

    @Test func formsThatAreRefused() async throws {
        let good = try mint.token()
        let parts = good.split(separator: ".").map(String.init)
        for wrong in [
            "", ".", "..", "...", "a.b", "a.b.c", good + ".", "." + good, good + ".x.y", "\(parts[0])..\(parts[2])",
            "\(parts[0]).\(parts[1]).", parts[0] + "=." + parts[1] + "." + parts[2], good + "=", good + " ", " " + good,
            good + "\n",
            good.replacing(".", with: "..", maxReplacements: 1), "\(parts[0]).\(parts[1] + "+").\(parts[2])",
            "\(parts[0]).\(parts[1]).\(parts[2])é",
        ] {
            #expect(try await mint.fault(wrong) == .malformed, "\(wrong.prefix(20))")
        }
    }

    @Test func sizesAndDepthsAreBounded() async throws {
        let filler = String(repeating: "x", count: 13_000)
        #expect(try await mint.fault(mint.token(claims: TokenMint.claims(#","f":"\#(filler.prefix(9_000))""#))) == nil)
        #expect(try await mint.fault(mint.token(claims: TokenMint.claims(#","f":"\#(filler)""#))) == .tooLarge)
        #expect(
            try await mint.fault(mint.token(header: #"{"alg":"ES256","kid":"p256","f":"\#(filler.prefix(4_000))"}"#))
                == .malformed)
        for depth in [17, 2_000] {
            let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(try await mint.fault(mint.token(claims: TokenMint.claims(#","f":\#(deep)"#))) == .malformed)
        }
        #expect(
            try await mint.fault(mint.token(header: #"{"alg":"ES256","kid":"\#(filler.prefix(257))"}"#)) == .malformed)
    }
}
