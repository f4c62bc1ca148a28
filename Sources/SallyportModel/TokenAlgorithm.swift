/// The algorithms that a token may be signed with (RFC 7518 section 3.1, RFC 8037 section 3.1). There is no `none`.
package enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// A MAC: whoever can check it can make it. Only ever used with a secret that the configuration refers to.
    package var isSymmetric: Bool { self == .hs256 || self == .hs384 || self == .hs512 }

    /// All that are signatures.
    package static let signatures = Set(allCases.filter { !$0.isSymmetric })

    /// Bytes that a secret has at least (RFC 7518 section 3.2); nil for signatures.
    package var leastSecretBytes: Int? {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        default: nil
        }
    }
}
