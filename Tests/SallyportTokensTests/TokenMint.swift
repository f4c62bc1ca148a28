import Crypto
import CryptoExtras
import FoundationEssentials
import SallyportConfig
import SallyportModel
import SallyportPKI

@testable import SallyportTokens

/// Makes tokens and key sets, good ones and others. Signs with swift-crypto directly, so that the checker is tried
/// against another hand.
struct TokenMint {
    static let now: Int64 = 1_795_449_600
    static let issuer = "https://id.example.org"

    let rsa: _RSA.Signing.PrivateKey
    let p256 = P256.Signing.PrivateKey()
    let p384 = P384.Signing.PrivateKey()
    let p521 = P521.Signing.PrivateKey()
    let ed25519 = Curve25519.Signing.PrivateKey()

    init() throws { rsa = try Self.sharedRSA.get() }

    /// Finding primes takes a while.
    private static let sharedRSA = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    /// One key of each kind; `kid` is the kind.
    func set() throws -> String {
        #"{"keys":[\#(try [rsaKey(), p256Key(), p384Key(), p521Key(), edKey()].joined(separator: ","))]}"#
    }

    func rsaKey(_ more: String = "", kid: String = "rsa") throws -> String {
        let numbers = try rsa.publicKey.getKeyPrimitives()
        return
            #"{"kty":"RSA","kid":"\#(kid)","n":"\#(text(numbers.modulus))","e":"\#(text(numbers.publicExponent))"\#(more)}"#
    }

    func p256Key(_ more: String = "", kid: String = "p256") throws -> String {
        curve("P-256", Array(p256.publicKey.rawRepresentation), kid, more)
    }

    func p384Key(_ more: String = "") throws -> String {
        curve("P-384", Array(p384.publicKey.rawRepresentation), "p384", more)
    }

    func p521Key() throws -> String { curve("P-521", Array(p521.publicKey.rawRepresentation), "p521", "") }

    func edKey() throws -> String {
        #"{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"\#(text(ed25519.publicKey.rawRepresentation))"}"#
    }

    private func curve(_ name: String, _ point: [UInt8], _ kid: String, _ more: String) -> String {
        let half = point.count / 2
        return
            #"{"kty":"EC","crv":"\#(name)","kid":"\#(kid)","x":"\#(text(point[..<half]))","y":"\#(text(point[half...]))"\#(more)}"#
    }

    private func text(_ bytes: some Collection<UInt8>) -> String { Base64URL.encode(bytes) }

    static let kinds: [TokenAlgorithm: String] = [
        .rs256: "rsa", .rs384: "rsa", .rs512: "rsa", .ps256: "rsa", .ps384: "rsa", .ps512: "rsa", .es256: "p256",
        .es384: "p384", .es512: "p521", .edDSA: "ed",
    ]

    static func claims(_ more: String = "", exp: String = "\(now + 300)") -> String {
        #"{"iss":"\#(issuer)","sub":"alice","aud":"orders","exp":\#(exp)\#(more)}"#
    }

    /// A good token but for what the arguments change.
    func token(
        _ algorithm: TokenAlgorithm = .es256, header: String? = nil, claims: String = claims()
    ) throws -> String {
        let head = header ?? #"{"alg":"\#(algorithm.rawValue)","kid":"\#(Self.kinds[algorithm] ?? "none")"}"#
        let input = "\(text(head.utf8)).\(text(claims.utf8))"
        return "\(input).\(text(try sign(Array(input.utf8), algorithm)))"
    }

    func sign(_ input: [UInt8], _ algorithm: TokenAlgorithm, secret: [UInt8] = []) throws -> [UInt8] {
        switch algorithm {
        case .es256: Array(try p256.signature(for: input).rawRepresentation)
        case .es384: Array(try p384.signature(for: input).rawRepresentation)
        case .es512: Array(try p521.signature(for: input).rawRepresentation)
        case .edDSA: Array(try ed25519.signature(for: input))
        case .rs256:
            Array(try rsa.signature(for: SHA256.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
        case .rs384:
            Array(try rsa.signature(for: SHA384.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
        case .rs512:
            Array(try rsa.signature(for: SHA512.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
        case .ps256: Array(try rsa.signature(for: SHA256.hash(data: input), padding: .PSS).rawRepresentation)
        case .ps384: Array(try rsa.signature(for: SHA384.hash(data: input), padding: .PSS).rawRepresentation)
        case .ps512: Array(try rsa.signature(for: SHA512.hash(data: input), padding: .PSS).rawRepresentation)
        case .hs256: Array(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: secret)))
        case .hs384: Array(HMAC<SHA384>.authenticationCode(for: input, using: SymmetricKey(data: secret)))
        case .hs512: Array(HMAC<SHA512>.authenticationCode(for: input, using: SymmetricKey(data: secret)))
        }
    }

    /// A token with a MAC under this secret, whatever the header says.
    func mac(_ secret: [UInt8], header: String) throws -> String {
        let input = "\(text(header.utf8)).\(text(Self.claims().utf8))"
        return "\(input).\(text(try sign(Array(input.utf8), .hs256, secret: secret)))"
    }

    // MARK: checking

    static let rules = TokenRules(issuer: issuer, audiences: ["orders"])

    /// Nil when the token is good.
    func fault(
        _ token: String, rules: TokenRules = rules, keys: String? = nil, certificate: [UInt8]? = nil,
        at now: Int64 = now
    ) async throws -> TokenFault? {
        let keys = try await VerificationKeys(
            jwks: Array((keys ?? set()).utf8), allowed: rules.algorithms, revision: 1)
        do throws(TokenFault) {
            _ = try TokenVerifier(rules).verify(
                try SignedToken(token.utf8), keys: keys, certificate: certificate, at: now)
            return nil
        } catch {
            return error
        }
    }
}
