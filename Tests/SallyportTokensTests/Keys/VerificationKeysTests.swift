import SallyportModel
import SallyportPKI
import Testing

@testable import SallyportTokens

@Suite struct VerificationKeysTests {
    private let mint: TokenMint

    init() throws { mint = try TokenMint() }

    private func read(_ text: String) async throws -> Int {
        try await VerificationKeys(jwks: Array(text.utf8), revision: 1).count
    }

    @Test func keysOfOtherKindsAreLeftOut() async throws {
        let others = [
            try mint.rsaKey(#","use":"enc""#), try mint.rsaKey(#","key_ops":["sign"]"#),
            try mint.rsaKey(#","alg":"RSA-OAEP""#),
            try mint.p256Key(#","alg":"RS256""#), #"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#,
            #"{"kty":"OKP","crv":"X25519","x":"AA"}"#,
            #"{"kty":"XYZ"}"#, "{}", #"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
            #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
        ]
        for other in others {
            await #expect(throws: TokenKeyFault.empty, "\(other)") { try await read(#"{"keys":[\#(other)]}"#) }
        }
        let text = #"{"keys":[\#((others + [try mint.edKey()]).joined(separator: ","))]}"#
        #expect(try await read(text) == 1)
    }

    /// Whoever reads such a set can sign; it is refused as a whole.
    @Test(arguments: [#""d":"AQAB""#, #""p":"AQAB""#, #""k":"AQAB""#, #""d":null"#, #""oth":[]"#])
    func privatePartsAreRefused(_ member: String) async throws {
        let text = #"{"keys":[\#(try mint.edKey()),\#(try mint.rsaKey(",\(member)"))]}"#
        await #expect(throws: TokenKeyFault.privateKey) { try await read(text) }
    }

    @Test func secretsInASetAreRefused() async throws {
        await #expect(throws: TokenKeyFault.privateKey) { try await read(#"{"keys":[{"kty":"oct"}]}"#) }
    }

    @Test func boundsHold() async throws {
        let key = try mint.edKey()
        let many = Array(repeating: #"{"kty":"XYZ"}"#, count: VerificationKeys.maximumCount - 1)
        #expect(try await read(#"{"keys":[\#((many + [key]).joined(separator: ","))]}"#) == 1)
        await #expect(throws: TokenKeyFault.tooLarge) {
            try await read(#"{"keys":[\#((many + [key, key]).joined(separator: ","))]}"#)
        }
        let blanks = String(repeating: " ", count: VerificationKeys.maximumBytes)
        await #expect(throws: TokenKeyFault.tooLarge) { try await read(#"{"keys":[\#(key)]}"# + blanks) }
    }

    @Test func namesAreUnique() async throws {
        let double = #"{"keys":[\#(try mint.p256Key()),\#(try TokenMint().p256Key())]}"#
        await #expect(throws: TokenKeyFault.ambiguous) { try await read(double) }
        #expect(try await read(#"{"keys":[\#(try mint.p256Key(kid: "a")),\#(try mint.rsaKey(kid: "a"))]}"#) == 2)
    }

    @Test(arguments: ["", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#, "{\"keys\":[]", #"{"keys":null}"#])
    func whatIsNoSetIsRefused(_ text: String) async {
        await #expect(throws: TokenKeyFault.malformed) { try await read(text) }
    }

    @Test func anEmptySetIsRefused() async {
        await #expect(throws: TokenKeyFault.empty) { try await read(#"{"keys":[]}"#) }
    }

    // MARK: discovery

    @Test func discoveryNamesItsIssuer() throws {
        let issuer = "https://id.example.org/tenant"
        func read(_ text: String) throws(TokenKeyFault) -> FetchURL {
            try DiscoveryDocument(Array(text.utf8), issuer: issuer).keys
        }
        #expect(
            try read(#"{"issuer":"\#(issuer)","jwks_uri":"https://keys.example.org/k"}"#).text
                == "https://keys.example.org/k")
        for (text, fault) in [
            (#"{"issuer":"\#(issuer)/","jwks_uri":"https://keys.example.org/k"}"#, TokenKeyFault.otherIssuer),
            (#"{"issuer":"https://evil.example","jwks_uri":"https://keys.example.org/k"}"#, .otherIssuer),
            (#"{"jwks_uri":"https://keys.example.org/k"}"#, .otherIssuer),
            (#"{"issuer":"\#(issuer)","jwks_uri":"http://keys.example.org/k"}"#, .otherIssuer),
            (#"{"issuer":"\#(issuer)","jwks_uri":"file:///etc/passwd"}"#, .malformed),
            (#"{"issuer":"\#(issuer)"}"#, .malformed), ("no", .malformed),
        ] {
            #expect(throws: fault) { try read(text) }
        }
    }

    @Test(arguments: [
        (
            "https://id.example.org",
            [
                "https://id.example.org/.well-known/openid-configuration",
                "https://id.example.org/.well-known/oauth-authorization-server",
            ]
        ),
        (
            "https://id.example.org/",
            [
                "https://id.example.org/.well-known/openid-configuration",
                "https://id.example.org/.well-known/oauth-authorization-server",
            ]
        ),
        (
            "https://id.example.org/a/b",
            [
                "https://id.example.org/a/b/.well-known/openid-configuration",
                "https://id.example.org/.well-known/oauth-authorization-server/a/b",
            ]
        ),
        ("https://id.example.org/?x", []), ("urn:issuer", []), ("https://user@id.example.org", []),
    ])
    func discoveryPlaces(_ issuer: String, _ places: [String]) {
        #expect(DiscoveryDocument.places(of: issuer).map(\.text) == places)
    }
}
