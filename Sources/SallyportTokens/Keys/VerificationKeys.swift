import SallyportModel
import Crypto
import FoundationEssentials
import SallyportConfig
import SallyportPKI

/// Why a set of keys is not used.
package enum TokenKeyFault: Error, Sendable, Hashable {
    case tooLarge
    case malformed
    /// A private or shared key stands in it: whoever reads the set can sign.
    case privateKey
    /// Two keys go by one name.
    case ambiguous
    /// No key in it can be used.
    case empty
    case weakSecret
    /// A discovery document of another issuer, or with an address that is not `https`.
    case otherIssuer
}

extension TokenKeyFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge: "it has more than 256 KiB or more than 100 keys"
        case .malformed: "it is not strict JSON of the form that is wanted"
        case .privateKey: "a private or shared key stands in it, so whoever reads it can sign"
        case .ambiguous: "two keys in it go by one name"
        case .empty: "no key in it can be used with the algorithms of the policy"
        case .weakSecret: "the secret is shorter than the hash"
        case .otherIssuer: "it is the document of another issuer, or its keys do not come by https"
        }
    }
}

/// The keys of an issuer (RFC 7517 section 5), ready for use.
package struct VerificationKeys: Sendable {
    package static let maximumBytes = 256 << 10
    package static let maximumCount = 100

    let keys: [VerificationKey]
    /// Grows with each new set in this process: what was checked under one set is not known under another.
    package let revision: UInt64
    /// SHA-256 of the text, to see whether anything changed.
    package let fingerprint: TokenDigest
    /// Keys that were left out because they are for something else, too weak or of an unknown kind.
    package let skipped: Int

    package var count: Int { keys.count }

    /// - Parameters:
    ///   - document: the text of a JWK set.
    ///   - allowed: algorithms that the issuer may use; MACs in it are without effect.
    /// - Throws: TokenKeyFault.
    package init(
        jwks document: [UInt8], allowed: Set<TokenAlgorithm> = TokenAlgorithm.signatures, revision: UInt64
    ) async throws {
        guard document.count <= Self.maximumBytes else { throw TokenKeyFault.tooLarge }
        let elements = try Self.elements(document)
        var keys: [VerificationKey] = []
        for element in elements {
            guard Self.isPublic(element) else { throw TokenKeyFault.privateKey }
            if let key = try await VerificationKey(element, allowed: allowed) { keys.append(key) }
        }
        guard !keys.isEmpty else { throw TokenKeyFault.empty }
        try Self.checkNames(keys)
        self.keys = keys
        self.revision = revision
        fingerprint = TokenDigest(of: document)
        skipped = elements.count - keys.count
    }

    /// A shared secret in the place of a set.
    package init(secret: [UInt8], algorithm: TokenAlgorithm, revision: UInt64) async throws {
        keys = [try await VerificationKey(secret: secret, algorithm: algorithm)]
        self.revision = revision
        fingerprint = TokenDigest(of: secret)
        skipped = 0
    }

    /// The one key that a token means. A name has to be known; without a name there has to be just one key that fits.
    func key(_ identifier: String?, for algorithm: TokenAlgorithm) throws(TokenFault) -> VerificationKey {
        let candidates = keys.filter { key in
            key.fits(algorithm)
                && (identifier == nil || key.identifier == nil && algorithm.isSymmetric
                    || Self.isSame(key.identifier, identifier))
        }
        guard candidates.count == 1 else { throw .unknownKey }
        return candidates[0]
    }

    /// Byte for byte: two spellings of one Unicode text are two names.
    private static func isSame(_ left: String?, _ right: String?) -> Bool {
        guard let left, let right else { return false }
        return left.utf8.elementsEqual(right.utf8)
    }

    private static func elements(_ document: [UInt8]) throws -> [JSONValue] {
        let json: JSONValue
        do { json = try JSONText.parse(document, limit: maximumBytes, takesDecimals: true) } catch {
            throw TokenKeyFault.malformed
        }
        guard let elements = json["keys"]?.elements else { throw TokenKeyFault.malformed }
        guard elements.count <= maximumCount else { throw TokenKeyFault.tooLarge }
        return elements
    }

    /// Private parts of RSA and elliptic keys, and symmetric keys (RFC 7518 section 6).
    private static func isPublic(_ key: JSONValue) -> Bool {
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"].allSatisfy { key[$0] == nil } && key["kty"]?.text != "oct"
    }

    private static func checkNames(_ keys: [VerificationKey]) throws {
        for (index, key) in keys.enumerated() {
            for other in keys[..<index] where isSame(key.identifier, other.identifier) && key.overlaps(other) {
                throw TokenKeyFault.ambiguous
            }
        }
    }
}
