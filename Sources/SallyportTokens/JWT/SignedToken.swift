import SallyportModel
import Crypto
import FoundationEssentials
import SallyportConfig
import SallyportPKI

/// A JWT in compact form (RFC 7519, RFC 7515 section 3.1), taken apart strictly. Reading it proves nothing.
///
/// Keys and addresses of keys in the header (`jwk`, `jku`, `x5u`, `x5c`) are not looked at: who signed is decided by the
/// configuration and never by the token.
package struct SignedToken: Sendable {
    /// Bytes of a token. A token is also bounded by the limit of header fields.
    package static let maximumBytes = 16 << 10
    static let maximumHeaderBytes = 4 << 10
    static let maximumKeyIdentifierBytes = 256

    let algorithm: TokenAlgorithm
    package let keyIdentifier: String?
    let claims: JSONValue
    let signature: [UInt8]
    let signingInput: [UInt8]
    /// SHA-256 of the token: what it is remembered by.
    package let digest: TokenDigest

    package init(_ text: some Collection<UInt8>) throws(TokenFault) {
        guard text.count <= Self.maximumBytes else { throw .tooLarge }
        let bytes = Array(text)
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }), parts[0].count <= Self.maximumHeaderBytes,
            let header = Self.decode(parts[0]), let payload = Self.decode(parts[1]),
            let signature = Self.decode(parts[2])
        else { throw .malformed }
        let fields = try Self.object(header)
        algorithm = try Self.algorithm(fields)
        keyIdentifier = try Self.keyIdentifier(fields)
        try Self.checkType(fields)
        claims = try Self.object(payload)
        self.signature = signature
        signingInput = Array(bytes[..<parts[1].endIndex])
        digest = TokenDigest(of: bytes)
    }

    private static func decode(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        guard let text = String(validating: part, as: UTF8.self) else { return nil }
        return Base64URL.decode(text)
    }

    private static func object(_ bytes: [UInt8]) throws(TokenFault) -> JSONValue {
        let value: JSONValue
        do throws(JOSEFailure) {
            value = try JSONText.parse(bytes, limit: maximumBytes, takesDecimals: true)
        } catch {
            throw .malformed
        }
        guard case .object = value else { throw .malformed }
        return value
    }

    private static func algorithm(_ header: JSONValue) throws(TokenFault) -> TokenAlgorithm {
        guard header["crit"] == nil, header["b64"] == nil, header["enc"] == nil, header["zip"] == nil else {
            throw .header
        }
        guard let name = header["alg"]?.text, let algorithm = TokenAlgorithm(rawValue: name) else { throw .algorithm }
        return algorithm
    }

    private static func keyIdentifier(_ header: JSONValue) throws(TokenFault) -> String? {
        guard let identifier = header["kid"] else { return nil }
        guard let text = identifier.text, (1...maximumKeyIdentifierBytes).contains(text.utf8.count) else {
            throw .malformed
        }
        return text
    }

    /// `JWT` (RFC 7519 section 5.1) or `at+jwt` (RFC 9068 section 2.1), or none. Other kinds, such as `logout+jwt` or
    /// `dpop+jwt`, are signed by the same keys and are no access tokens (RFC 8725 section 3.11).
    private static func checkType(_ header: JSONValue) throws(TokenFault) {
        guard let type = header["typ"] else { return }
        guard let text = type.text?.lowercased(), ["jwt", "at+jwt", "application/at+jwt"].contains(text) else {
            throw .header
        }
    }
}

/// The SHA-256 of a token.
package struct TokenDigest: Sendable, Hashable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package init(of token: some Collection<UInt8>) {
        var words: [UInt64] = []
        let digest = Array(SHA256.hash(data: Data(token)))
        for start in stride(from: 0, to: 32, by: 8) {
            words.append(digest[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) })
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    package static func == (left: TokenDigest, right: TokenDigest) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
