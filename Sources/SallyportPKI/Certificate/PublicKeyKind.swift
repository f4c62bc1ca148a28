/// The kinds of public key that are let in, read from a SubjectPublicKeyInfo.
enum PublicKeyKind: Sendable, Hashable, CustomStringConvertible {
    case p256, p384, p521, ed25519
    case rsa(bits: Int)

    var description: String {
        switch self {
        case .p256: "ECDSA P-256"
        case .p384: "ECDSA P-384"
        case .p521: "ECDSA P-521"
        case .ed25519: "Ed25519"
        case .rsa(let bits): "RSA \(bits)"
        }
    }

    private static let ellipticCurve: [UInt8] = [42, 134, 72, 206, 61, 2, 1]
    private static let rsaEncryption: [UInt8] = [42, 134, 72, 134, 247, 13, 1, 1, 1]
    private static let edwards25519: [UInt8] = [43, 101, 112]
    private static let namedCurves: [[UInt8]: PublicKeyKind] = [
        [42, 134, 72, 206, 61, 3, 1, 7]: .p256, [43, 129, 4, 0, 34]: .p384, [43, 129, 4, 0, 35]: .p521,
    ]

    /// - Returns: nil for every other algorithm, for explicit curve parameters and for RSA outside 2048 to 8192 bits.
    init?(publicKeyInfo: [UInt8]) throws(DERFailure) {
        var info = try DERCursor.only(publicKeyInfo[...], tag: DERTag.sequence).children
        var algorithm = try info.next(tag: DERTag.sequence).children
        let key = try info.next(tag: DERTag.bitString)
        let name = Array(try algorithm.next(tag: DERTag.objectIdentifier).content)
        switch name {
        case Self.ellipticCurve:
            let curve = try algorithm.next()
            guard curve.tag == DERTag.objectIdentifier, let kind = Self.namedCurves[Array(curve.content)]
            else { return nil }
            self = kind
        case Self.edwards25519: self = .ed25519
        case Self.rsaEncryption:
            guard let bits = try Self.modulusBits(key.content.dropFirst()), (2048...8192).contains(bits)
            else { return nil }
            self = .rsa(bits: bits)
        default: return nil
        }
    }

    /// Nil when the exponent is even or less than 3.
    private static func modulusBits(_ key: ArraySlice<UInt8>) throws(DERFailure) -> Int? {
        var numbers = try DERCursor.only(key, tag: DERTag.sequence).children
        let modulus = try numbers.next(tag: DERTag.integer).content.drop { $0 == 0 }
        let exponent = try numbers.next(tag: DERTag.integer).content.drop { $0 == 0 }
        guard let top = modulus.first, let low = exponent.last, low & 1 == 1, exponent.count > 1 || low >= 3
        else { return nil }
        return modulus.count * 8 - top.leadingZeroBitCount
    }
}
