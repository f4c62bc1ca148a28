import Crypto
import FoundationEssentials
import SallyportConfig

/// The key of an ACME account on the client's side: signs requests with ES256 (RFC 8555 section 6.2).
package struct JSONWebSigner: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: P256.Signing.PrivateKey
    package let publicKey: JSONWebKey

    package var description: String { "account key \(publicKey.thumbprint)" }
    package var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }

    /// A fresh key.
    package init() throws(JOSEFailure) { try self.init(P256.Signing.PrivateKey()) }

    /// - Parameter rawRepresentation: 32 bytes. A secret.
    package init(rawRepresentation: [UInt8]) throws(JOSEFailure) {
        do {
            key = try P256.Signing.PrivateKey(rawRepresentation: rawRepresentation)
        } catch {
            throw JOSEFailure(.key, "the account key is not a P-256 key")
        }
        publicKey = try Self.publicKey(of: key)
    }

    private init(_ key: P256.Signing.PrivateKey) throws(JOSEFailure) {
        self.key = key
        publicKey = try Self.publicKey(of: key)
    }

    /// 32 bytes. A secret.
    package var rawRepresentation: [UInt8] { Array(key.rawRepresentation) }

    /// The body of a request.
    /// - Parameters:
    ///   - payload: nil for a POST-as-GET, whose payload is the empty text.
    ///   - account: the URL of the account; nil sends the key itself.
    ///   - nonce: nil inside a key change only.
    package func sign(
        payload: JSONValue?, url: String, nonce: String?, account: String?
    ) throws(JOSEFailure) -> [UInt8] {
        let header = JSONValue.members([
            "alg": .string(JSONWebSignature.Algorithm.es256.rawValue),
            "jwk": account == nil ? publicKey.json : nil, "kid": account.map(JSONValue.string),
            "nonce": nonce.map(JSONValue.string), "url": .string(url),
        ])
        let input = Self.input(header, payload)
        do {
            let signature = try key.signature(for: Data("\(input.protected).\(input.payload)".utf8))
            return Array(Self.flattened(input, Array(signature.rawRepresentation)).compact.utf8)
        } catch {
            throw JOSEFailure(.key, "the account key cannot sign")
        }
    }

    /// The `externalAccountBinding` of a new account (RFC 8555 section 7.3.4).
    /// - Parameters:
    ///   - secret: the MAC key that the authority's operator gave out.
    ///   - url: of `newAccount`.
    package func externalAccountBinding(identifier: String, secret: [UInt8], url: String) -> JSONValue {
        let header = JSONValue.members([
            "alg": .string(JSONWebSignature.Algorithm.hs256.rawValue), "kid": .string(identifier),
            "url": .string(url),
        ])
        let input = Self.input(header, publicKey.json)
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("\(input.protected).\(input.payload)".utf8), using: SymmetricKey(data: secret))
        return Self.flattened(input, Array(code))
    }

    private typealias Input = (protected: String, payload: String)

    private static func input(_ header: JSONValue, _ payload: JSONValue?) -> Input {
        (Base64URL.encode(header.compact.utf8), payload.map { Base64URL.encode($0.compact.utf8) } ?? "")
    }

    private static func flattened(_ input: Input, _ signature: [UInt8]) -> JSONValue {
        .members([
            "protected": .string(input.protected), "payload": .string(input.payload),
            "signature": .string(Base64URL.encode(signature)),
        ])
    }

    private static func publicKey(of key: P256.Signing.PrivateKey) throws(JOSEFailure) -> JSONWebKey {
        let point = Array(key.publicKey.rawRepresentation)
        return try JSONWebKey(
            .members([
                "kty": .string("EC"), "crv": .string("P-256"), "x": .string(Base64URL.encode(point[..<32])),
                "y": .string(Base64URL.encode(point[32...])),
            ]))
    }
}
