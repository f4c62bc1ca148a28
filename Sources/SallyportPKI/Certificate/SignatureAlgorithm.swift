/// The algorithms that a certificate may be signed with, and those that are known well enough to be refused by name.
enum SignatureAlgorithm: Sendable, Hashable, CustomStringConvertible {
    enum Digest: String, Sendable, Hashable, CaseIterable {
        case sha256 = "SHA-256"
        case sha384 = "SHA-384"
        case sha512 = "SHA-512"

        fileprivate var length: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }
    }

    case ecdsa(Digest)
    /// RSASSA-PKCS1-v1_5.
    case rsa(Digest)
    /// RSASSA-PSS with MGF1 over the same digest and a salt as long as the digest.
    case rsaPSS(Digest)
    case ed25519
    /// RSASSA-PKCS1-v1_5 with SHA-1: readable, never allowed.
    case rsaWithSHA1

    /// - Parameter identifier: AlgorithmIdentifier, tag and length included.
    /// - Returns: nil for every algorithm and every choice of parameters that is not one of these, byte for byte.
    init?(identifier: ArraySlice<UInt8>) {
        guard let known = Self.known[Array(identifier)] else { return nil }
        self = known
    }

    var isAllowed: Bool { self != .rsaWithSHA1 }

    var description: String {
        switch self {
        case .ecdsa(let digest): "ECDSA with \(digest.rawValue)"
        case .rsa(let digest): "RSA with \(digest.rawValue)"
        case .rsaPSS(let digest): "RSA-PSS with \(digest.rawValue)"
        case .ed25519: "Ed25519"
        case .rsaWithSHA1: "RSA with SHA-1"
        }
    }

    private static let known: [[UInt8]: SignatureAlgorithm] = {
        var known: [[UInt8]: SignatureAlgorithm] = [identifier([43, 101, 112]): .ed25519]
        for (digest, last) in zip(Digest.allCases, UInt8(2)...) {
            known[identifier([42, 134, 72, 206, 61, 4, 3, last])] = .ecdsa(digest)
        }
        // RFC 4055 section 5: parameters are NULL; that they are left out is to be accepted too.
        for parameters in [DERWriter.null, []] {
            known[identifier(pkcs1 + [5], parameters)] = .rsaWithSHA1
            for (digest, last) in zip(Digest.allCases, UInt8(11)...) {
                known[identifier(pkcs1 + [last], parameters)] = .rsa(digest)
            }
        }
        for (digest, last) in zip(Digest.allCases, UInt8(1)...) {
            for (hash, maskHash) in [
                (DERWriter.null, DERWriter.null), ([], []), (DERWriter.null, []), ([], DERWriter.null),
            ] {
                let name: [UInt8] = [96, 134, 72, 1, 101, 3, 4, 2, last]
                let parameters = pssParameters(
                    hash: identifier(name, hash), maskHash: identifier(name, maskHash), saltLength: digest.length)
                known[identifier(pkcs1 + [10], parameters)] = .rsaPSS(digest)
            }
        }
        return known
    }()

    private static let pkcs1: [UInt8] = [42, 134, 72, 134, 247, 13, 1, 1]

    private static func identifier(_ name: [UInt8], _ parameters: [UInt8] = []) -> [UInt8] {
        DERWriter.sequence(DERWriter.element(DERTag.objectIdentifier, name), parameters)
    }

    /// RFC 4055 section 3.1. The trailer field has its default and so is left out.
    private static func pssParameters(hash: [UInt8], maskHash: [UInt8], saltLength: Int) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.element(0xa0, hash), DERWriter.element(0xa1, identifier(pkcs1 + [8], maskHash)),
            DERWriter.element(0xa2, DERWriter.integer(saltLength)))
    }
}
