import SallyportModel
import FoundationEssentials
import JWTKit
import SallyportConfig
import SallyportPKI

/// A key that signatures of tokens are checked with, and the algorithms that go with it. The checking is jwt-kit's.
///
/// Its kind and its own `alg` decide which algorithms there are, never the token: an RSA key checks no MAC.
struct VerificationKey: Sendable {
    let identifier: String?
    private let checkers: [TokenAlgorithm: any JWTAlgorithm]

    /// - Parameters:
    ///   - json: one member of `keys`, without private parts.
    ///   - allowed: algorithms that the issuer may use.
    /// - Returns: nil for a key that is for something else or of a kind that is not known (RFC 7517 section 5).
    init?(_ json: JSONValue, allowed: Set<TokenAlgorithm>) async throws {
        guard json["use"] == nil || json["use"]?.text == "sig", Self.mayVerify(json["key_ops"]) else { return nil }
        let key: JSONWebKey
        do { key = try JSONWebKey(json) } catch { return nil }
        var algorithms = Self.algorithms(for: key).intersection(allowed)
        if let own = json["alg"] {
            guard let name = own.text, let algorithm = TokenAlgorithm(rawValue: name) else { return nil }
            algorithms.formIntersection([algorithm])
        }
        guard !algorithms.isEmpty else { return nil }
        var checkers: [TokenAlgorithm: any JWTAlgorithm] = [:]
        for algorithm in algorithms { checkers[algorithm] = try await Self.checker(key, algorithm) }
        identifier = json["kid"]?.text
        self.checkers = checkers
    }

    /// A shared secret, for MACs only.
    /// - Throws: TokenKeyFault.weakSecret when it is shorter than the hash.
    init(secret: [UInt8], algorithm: TokenAlgorithm) async throws {
        guard let least = algorithm.leastSecretBytes, secret.count >= least else { throw TokenKeyFault.weakSecret }
        let collection = JWTKeyCollection()
        let digest: DigestAlgorithm = algorithm == .hs256 ? .sha256 : algorithm == .hs384 ? .sha384 : .sha512
        await collection.add(hmac: HMACKey(from: secret), digestAlgorithm: digest)
        identifier = nil
        checkers = [algorithm: try await collection.getKey()]
    }

    func fits(_ algorithm: TokenAlgorithm) -> Bool { checkers[algorithm] != nil }

    /// Shares an algorithm with another key, so that a token without `kid` could mean either.
    func overlaps(_ other: VerificationKey) -> Bool { checkers.keys.contains(where: other.fits) }

    /// False for everything but a good signature, errors included.
    func isSignature(_ signature: [UInt8], of input: [UInt8], by algorithm: TokenAlgorithm) -> Bool {
        guard let checker = checkers[algorithm], checker.name == algorithm.rawValue else { return false }
        do { return try checker.verify(signature, signs: input) } catch { return false }
    }

    private static func mayVerify(_ operations: JSONValue?) -> Bool {
        guard let operations else { return true }
        return operations.elements?.contains(.string("verify")) == true
    }

    private static func algorithms(for key: JSONWebKey) -> Set<TokenAlgorithm> {
        switch key.material {
        case .p256: [.es256]
        case .p384: [.es384]
        case .p521: [.es512]
        case .ed25519: [.edDSA]
        case .rsa: [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
        }
    }

    /// A collection of its own for each key and algorithm: asked for a key that it does not have, jwt-kit takes the
    /// first one, and a key without `alg` keeps the algorithm that was asked for first.
    private static func checker(_ key: JSONWebKey, _ algorithm: TokenAlgorithm) async throws -> any JWTAlgorithm {
        guard case .object(let members) = key.json else { throw TokenKeyFault.malformed }
        let named = JSONValue.object(
            members + [.init("alg", .string(algorithm.rawValue)), .init("kid", .string("key"))])
        let collection = JWTKeyCollection()
        try await collection.add(jwk: try JWK(json: named.compact))
        return try await collection.getKey(for: "key", alg: algorithm.rawValue)
    }
}
