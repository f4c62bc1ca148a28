import Crypto
import FoundationEssentials
import SallyportConfig

/// A signed ACME request: a JWS in flattened JSON (RFC 7515 section 7.2.2) with the fields that RFC 8555 section 6.2
/// demands. Reading it proves nothing; `isSigned(by:)` and `isAuthenticated(by:)` do.
package struct JSONWebSignature: Sendable {
    package enum Algorithm: String, Sendable, CaseIterable {
        case es256 = "ES256"
        case es384 = "ES384"
        case rs256 = "RS256"
        case edDSA = "EdDSA"
        /// A MAC, for external account bindings only.
        case hs256 = "HS256"
    }

    /// Whose key it is to be checked with: one of the two, never both.
    package enum Signer: Sendable, Hashable {
        case key(JSONWebKey)
        /// `kid`: the URL of an account, or the identifier of an external account.
        case identifier(String)
    }

    package let algorithm: Algorithm
    package let signer: Signer
    package let nonce: String?
    package let url: String
    package let payload: [UInt8]
    private let signature: [UInt8]
    private let signingInput: [UInt8]

    /// A request body is not longer than this.
    package static let maximumBytes = 64 << 10

    package init(parsing body: [UInt8]) throws(JOSEFailure) {
        try self.init(JSONText.parse(body, limit: Self.maximumBytes))
    }

    /// - Parameter json: exactly the members `protected`, `payload` and `signature`; an unprotected header is refused.
    package init(_ json: JSONValue) throws(JOSEFailure) {
        guard case .object(let members) = json,
            Set(members.map(\.name)) == ["protected", "payload", "signature"],
            let protected = json["protected"]?.text, let payload = json["payload"]?.text,
            let signature = json["signature"]?.text
        else {
            throw JOSEFailure(
                .malformed, "a JWS has the members `protected`, `payload` and `signature`, texts all, and no other")
        }
        guard let header = Base64URL.decode(protected), let content = Base64URL.decode(payload),
            let mark = Base64URL.decode(signature)
        else { throw JOSEFailure(.malformed, "a member of the JWS is not base64url") }
        self.payload = content
        self.signature = mark
        signingInput = Array("\(protected).\(payload)".utf8)
        let fields = try JSONText.parse(header)
        algorithm = try Self.algorithm(fields)
        signer = try Self.signer(fields)
        nonce = try Self.nonce(fields)
        guard let url = fields["url"]?.text, !url.isEmpty else {
            throw JOSEFailure(.malformed, "the protected header has no `url`")
        }
        self.url = url
    }

    /// False for a MAC, whatever the key: a public key is no secret.
    package func isSigned(by key: JSONWebKey) -> Bool {
        algorithm != .hs256 && key.verifies(signature, of: signingInput, algorithm: algorithm)
    }

    /// False for anything but HS256. Compares in constant time.
    package func isAuthenticated(by secret: [UInt8]) -> Bool {
        algorithm == .hs256
            && HMAC<SHA256>.isValidAuthenticationCode(
                signature, authenticating: Data(signingInput), using: SymmetricKey(data: secret))
    }

    private static func algorithm(_ header: JSONValue) throws(JOSEFailure) -> Algorithm {
        guard header["crit"] == nil, header["b64"] == nil else {
            throw JOSEFailure(.malformed, "the protected header has `crit` or `b64`")
        }
        guard let name = header["alg"]?.text, let algorithm = Algorithm(rawValue: name) else {
            throw JOSEFailure(.algorithm, "`alg` is none of ES256, ES384, RS256 and EdDSA")
        }
        return algorithm
    }

    private static func signer(_ header: JSONValue) throws(JOSEFailure) -> Signer {
        switch (header["jwk"], header["kid"]) {
        case (let key?, nil): return .key(try JSONWebKey(key))
        case (nil, .string(let identifier)?) where (1...1024).contains(identifier.utf8.count):
            return .identifier(identifier)
        default: throw JOSEFailure(.malformed, "the protected header has exactly one of `jwk` and `kid`")
        }
    }

    private static func nonce(_ header: JSONValue) throws(JOSEFailure) -> String? {
        guard let nonce = header["nonce"] else { return nil }
        guard let text = nonce.text, (1...128).contains(text.utf8.count), Base64URL.decode(text) != nil else {
            throw JOSEFailure(.malformed, "`nonce` is not base64url")
        }
        return text
    }
}
