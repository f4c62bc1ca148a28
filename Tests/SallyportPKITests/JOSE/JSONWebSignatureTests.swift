import Crypto
import CryptoExtras
import Foundation
import SallyportConfig
import Testing

@testable import SallyportPKI

@Suite struct JSONWebSignatureTests {
    private let url = "https://localhost/acme/new-order"

    @Test func whatTheSignerSignsIsVerified() throws {
        let signer = try JSONWebSigner()
        let body = try signer.sign(payload: .members(["a": .integer(1)]), url: url, nonce: "AAAA", account: nil)
        let jws = try JSONWebSignature(parsing: body)
        #expect(jws.signer == .key(signer.publicKey))
        #expect(jws.url == url && jws.nonce == "AAAA" && jws.payload == Array(#"{"a":1}"#.utf8))
        #expect(jws.isSigned(by: signer.publicKey))
        #expect(try !jws.isSigned(by: JSONWebSigner().publicKey))
        #expect(!jws.isAuthenticated(by: Array("secret".utf8)))
    }

    @Test func aKeySurvivesItsRawForm() throws {
        let signer = try JSONWebSigner()
        #expect(try JSONWebSigner(rawRepresentation: signer.rawRepresentation).publicKey == signer.publicKey)
    }

    /// The example of RFC 7638 section 3.1.
    @Test func thumbprintIsThatOfTheRFC() throws {
        let n =
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        let key = try JSONWebKey(
            .members(["kty": .string("RSA"), "n": .string(n), "e": .string("AQAB"), "alg": .string("RS256")]))
        #expect(key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test func everyAlgorithmIsVerifiedWithItsOwnKeyOnly() throws {
        let input = Array("input".utf8)
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let numbers = try rsa.publicKey.getKeyPrimitives()
        let p384 = P384.Signing.PrivateKey()
        let edwards = Curve25519.Signing.PrivateKey()
        let cases: [(JSONWebSignature.Algorithm, JSONWebKey, [UInt8])] = [
            (
                .rs256, try key(["kty": "RSA"], ["n": Array(numbers.modulus), "e": Array(numbers.publicExponent)]),
                Array(try rsa.signature(for: Data(input), padding: .insecurePKCS1v1_5).rawRepresentation)
            ),
            (
                .es384, try curve("P-384", Array(p384.publicKey.rawRepresentation)),
                Array(try p384.signature(for: Data(input)).rawRepresentation)
            ),
            (
                .edDSA,
                try key(["kty": "OKP", "crv": "Ed25519"], ["x": Array(edwards.publicKey.rawRepresentation)]),
                Array(try edwards.signature(for: Data(input)))
            ),
        ]
        for (algorithm, key, signature) in cases {
            for tried in JSONWebSignature.Algorithm.allCases {
                #expect(key.verifies(signature, of: input, algorithm: tried) == (tried == algorithm))
            }
            #expect(!key.verifies(signature, of: input + [0], algorithm: algorithm))
            #expect(!key.verifies(Array(signature.dropLast()), of: input, algorithm: algorithm))
        }
    }

    @Test func aMACWithThePublicKeyIsNoSignature() throws {
        let signer = try JSONWebSigner()
        let header = #"{"alg":"HS256","kid":"https://localhost/acme/account/1","nonce":"AAAA","url":"\#(url)"}"#
        for secret in [
            Array(signer.publicKey.json.compact.utf8), Base64URL.decode(signer.publicKey.json["x"]?.text ?? "") ?? [],
        ] {
            let body = mac(header, secret)
            let jws = try JSONWebSignature(parsing: body)
            #expect(!jws.isSigned(by: signer.publicKey))
            #expect(jws.isAuthenticated(by: secret))
        }
    }

    @Test(arguments: [
        #"{"alg":"none","kid":"a","nonce":"AAAA","url":"u"}"#,
        #"{"alg":"None","kid":"a","url":"u"}"#,
        #"{"alg":"HS512","kid":"a","url":"u"}"#,
        #"{"alg":["ES256"],"kid":"a","url":"u"}"#,
        #"{"kid":"a","url":"u"}"#,
        #"{"alg":"ES256","url":"u"}"#,
        #"{"alg":"ES256","kid":"a"}"#,
        #"{"alg":"ES256","kid":1,"url":"u"}"#,
        #"{"alg":"ES256","kid":"","url":"u"}"#,
        #"{"alg":"ES256","kid":"a","kid":"b","url":"u"}"#,
        #"{"alg":"ES256","alg":"none","kid":"a","url":"u"}"#,
        #"{"alg":"ES256","kid":"a","url":"u","crit":["b64"],"b64":false}"#,
        #"{"alg":"ES256","kid":"a","url":"u","nonce":"not base64"}"#,
        #"{"alg":"ES256","jwk":{"kty":"oct","k":"AAAA"},"url":"u"}"#,
        #"["alg"]"#, "", "{",
    ]) func refusesTheHeader(header: String) {
        #expect(throws: JOSEFailure.self) { try JSONWebSignature(parsing: mac(header, [1])) }
    }

    @Test func refusesKeyAndIdentifierTogether() throws {
        let jwk = try JSONWebSigner().publicKey.json.compact
        let header = #"{"alg":"ES256","kid":"a","jwk":\#(jwk),"url":"u"}"#
        #expect(throws: JOSEFailure.self) { try JSONWebSignature(parsing: mac(header, [1])) }
    }

    @Test(arguments: [
        #"{"protected":"e30","payload":""}"#,
        #"{"protected":"e30","payload":"","signature":"","header":{}}"#,
        #"{"payload":"","signatures":[]}"#,
        #"{"protected":"e30","payload":"=","signature":""}"#,
        #"{"protected":"e30","protected":"e30","payload":"","signature":""}"#,
        #"{"protected":"\u00000","payload":"","signature":""}"#,
    ]) func refusesTheEnvelope(body: String) {
        #expect(throws: JOSEFailure.self) { try JSONWebSignature(parsing: Array(body.utf8)) }
    }

    @Test func refusesWhatIsTooLong() {
        let body = #"{"protected":"e30","payload":"\#(String(repeating: "A", count: 70_000))","signature":""}"#
        #expect(throws: JOSEFailure.self) { try JSONWebSignature(parsing: Array(body.utf8)) }
    }

    @Test func refusesBadKeys() throws {
        let half = [UInt8](repeating: 1, count: 32)
        #expect(throws: JOSEFailure.self) { try curve("P-256", half + half) }
        #expect(throws: JOSEFailure.self) { try curve("P-256", [UInt8](repeating: 0, count: 64)) }
        #expect(throws: JOSEFailure.self) { try curve("secp256k1", half + half) }
        #expect(throws: JOSEFailure.self) {
            try key(["kty": "RSA"], ["n": [UInt8](repeating: 0xff, count: 128), "e": [1, 0, 1]])
        }
        #expect(throws: JOSEFailure.self) {
            try key(["kty": "RSA"], ["n": [UInt8](repeating: 0xff, count: 256), "e": [1]])
        }
        #expect(throws: JOSEFailure.self) {
            try key(["kty": "RSA"], ["n": [UInt8](repeating: 0xff, count: 600), "e": [1, 0, 1]])
        }
        guard case .object(let members) = try JSONWebSigner().publicKey.json else { return }
        #expect(throws: JOSEFailure.self) { try JSONWebKey(.object(members + [.init("d", .string("AAAA"))])) }
    }

    @Test func externalBindingIsAuthenticatedByItsSecretOnly() throws {
        let signer = try JSONWebSigner()
        let secret = [UInt8](repeating: 7, count: 32)
        let jws = try JSONWebSignature(signer.externalAccountBinding(identifier: "k1", secret: secret, url: url))
        #expect(jws.algorithm == .hs256 && jws.signer == .identifier("k1") && jws.nonce == nil)
        #expect(jws.isAuthenticated(by: secret))
        #expect(!jws.isAuthenticated(by: secret + [1]))
        #expect(try JSONWebKey(JSONText.parse(jws.payload)) == signer.publicKey)
    }

    private func mac(_ header: String, _ secret: [UInt8]) -> [UInt8] {
        let protected = Base64URL.encode(header.utf8)
        let code = HMAC<SHA256>.authenticationCode(for: Data("\(protected).".utf8), using: SymmetricKey(data: secret))
        return Array(
            #"{"protected":"\#(protected)","payload":"","signature":"\#(Base64URL.encode(Array(code)))"}"#.utf8)
    }

    private func curve(_ name: String, _ point: [UInt8]) throws -> JSONWebKey {
        let half = point.count / 2
        return try key(["kty": "EC", "crv": name], ["x": Array(point[..<half]), "y": Array(point[half...])])
    }

    private func key(_ words: [String: String], _ numbers: [String: [UInt8]]) throws -> JSONWebKey {
        try JSONWebKey(
            .object(
                words.map { .init($0.key, .string($0.value)) }
                    + numbers.map { .init($0.key, .string(Base64URL.encode($0.value))) }))
    }
}
