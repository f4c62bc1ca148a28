import Crypto
import CryptoExtras
import FoundationEssentials
import SallyportConfig

/// A public key (RFC 7517): P-256, P-384, P-521, RSA of 2048 to 4096 bits, or Ed25519.
///
/// A value exists only for a key that was checked: right sizes, a point on its curve, no private part beside it.
package struct JSONWebKey: Sendable, Hashable {
    package enum Material: Sendable, Hashable {
        /// X9.63 without the leading 4: x and y, 32 bytes each.
        case p256([UInt8])
        /// x and y, 48 bytes each.
        case p384([UInt8])
        /// x and y, 66 bytes each.
        case p521([UInt8])
        /// Modulus and exponent without leading zeros.
        case rsa(modulus: [UInt8], exponent: [UInt8])
        /// 32 bytes.
        case ed25519([UInt8])
    }

    package let material: Material

    package init(_ json: JSONValue) throws(JOSEFailure) {
        guard case .object(let members) = json else { throw JOSEFailure(.malformed, "`jwk` is not an object") }
        let secrets: Set = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
        guard !members.contains(where: { secrets.contains($0.name) }) else {
            throw JOSEFailure(.key, "`jwk` holds a private key")
        }
        material =
            switch (json["kty"]?.text, json["crv"]?.text) {
            case ("EC", "P-256"): .p256(try Self.bytes(json, "x", 32) + Self.bytes(json, "y", 32))
            case ("EC", "P-384"): .p384(try Self.bytes(json, "x", 48) + Self.bytes(json, "y", 48))
            case ("EC", "P-521"): .p521(try Self.bytes(json, "x", 66) + Self.bytes(json, "y", 66))
            case ("OKP", "Ed25519"): .ed25519(try Self.bytes(json, "x", 32))
            case ("RSA", _): .rsa(modulus: try Self.number(json, "n"), exponent: try Self.number(json, "e"))
            default: throw JOSEFailure(.key, "the key is neither P-256, P-384, P-521, RSA nor Ed25519")
            }
        try check()
    }

    /// The members that the thumbprint is made of, in the order that it demands (RFC 7638 section 3.2).
    package var json: JSONValue {
        switch material {
        case .p256(let point): Self.curve("P-256", point)
        case .p384(let point): Self.curve("P-384", point)
        case .p521(let point): Self.curve("P-521", point)
        case .rsa(let modulus, let exponent):
            .members([
                "e": .string(Base64URL.encode(exponent)), "kty": .string("RSA"),
                "n": .string(Base64URL.encode(modulus)),
            ])
        case .ed25519(let key):
            .members(["crv": .string("Ed25519"), "kty": .string("OKP"), "x": .string(Base64URL.encode(key))])
        }
    }

    /// Base64url of the SHA-256 of the canonical form (RFC 7638).
    package var thumbprint: String { Base64URL.encode(Array(SHA256.hash(data: Data(json.compact.utf8)))) }

    /// Whether this key made the signature with the one algorithm that fits it.
    package func verifies(_ signature: [UInt8], of input: [UInt8], algorithm: JSONWebSignature.Algorithm) -> Bool {
        do {
            switch (material, algorithm) {
            case (.p256(let point), .es256):
                let key = try P256.Signing.PublicKey(rawRepresentation: point)
                return key.isValidSignature(try .init(rawRepresentation: signature), for: Data(input))
            case (.p384(let point), .es384):
                let key = try P384.Signing.PublicKey(rawRepresentation: point)
                return key.isValidSignature(try .init(rawRepresentation: signature), for: Data(input))
            case (.rsa(let modulus, let exponent), .rs256):
                return try _RSA.Signing.PublicKey(n: modulus, e: exponent).isValidSignature(
                    .init(rawRepresentation: signature), for: Data(input), padding: .insecurePKCS1v1_5)
            case (.ed25519(let bytes), .edDSA):
                return try Curve25519.Signing.PublicKey(rawRepresentation: bytes)
                    .isValidSignature(signature, for: Data(input))
            default: return false
            }
        } catch {
            return false
        }
    }

    private func check() throws(JOSEFailure) {
        do {
            switch material {
            case .p256(let point): _ = try P256.Signing.PublicKey(rawRepresentation: point)
            case .p384(let point): _ = try P384.Signing.PublicKey(rawRepresentation: point)
            case .p521(let point): _ = try P521.Signing.PublicKey(rawRepresentation: point)
            case .ed25519(let bytes): _ = try Curve25519.Signing.PublicKey(rawRepresentation: bytes)
            case .rsa(let modulus, let exponent):
                let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
                guard (2048...4096).contains(bits), (1...4).contains(exponent.count),
                    exponent.last.map({ $0 & 1 == 1 }) == true, exponent != [1]
                else {
                    throw JOSEFailure(.key, "RSA keys have 2048 to 4096 bits and an odd exponent of at most 32 bits")
                }
                _ = try _RSA.Signing.PublicKey(n: modulus, e: exponent)
            }
        } catch let failure as JOSEFailure {
            throw failure
        } catch {
            throw JOSEFailure(.key, "the key is not a key of its kind")
        }
    }

    private static func curve(_ name: String, _ point: [UInt8]) -> JSONValue {
        let half = point.count / 2
        return .members([
            "crv": .string(name), "kty": .string("EC"), "x": .string(Base64URL.encode(point[..<half])),
            "y": .string(Base64URL.encode(point[half...])),
        ])
    }

    private static func bytes(_ json: JSONValue, _ name: String, _ count: Int) throws(JOSEFailure) -> [UInt8] {
        guard let text = json[name]?.text, let bytes = Base64URL.decode(text), bytes.count == count else {
            throw JOSEFailure(.key, "`\(name)` of the key is not \(count) bytes in base64url")
        }
        return bytes
    }

    /// Base64urlUInt: without leading zeros (RFC 7518 section 2).
    private static func number(_ json: JSONValue, _ name: String) throws(JOSEFailure) -> [UInt8] {
        guard let text = json[name]?.text, let bytes = Base64URL.decode(text), let first = bytes.first, first != 0,
            bytes.count <= 1024
        else { throw JOSEFailure(.key, "`\(name)` of the key is not a number in base64url") }
        return bytes
    }
}
