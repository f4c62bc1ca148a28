/// What a certificate's security rests on, of any certificate that can be read at all: also of one that would be
/// refused here.
package struct CertificateStrength: Sendable, Hashable {
    package let subject: String
    package let issuer: String
    package let key: Key
    /// Such as `ecdsa-with-SHA256`, or the identifier in dots.
    package let signature: String
    /// Seconds since 1970.
    package let notBefore: Int64
    package let notAfter: Int64
    package let isSelfIssued: Bool

    package enum Key: Sendable, Hashable {
        case rsa(bits: Int)
        /// The curve's name in the registry of TLS groups, or its identifier in dots.
        case elliptic(curve: String)
        case edwards(String)
        /// ML-DSA or SLH-DSA, by name.
        case postQuantum(String)
        case other(String)
    }

    /// Nil when the encoding is damaged.
    package init?(der: [UInt8]) {
        do throws(DERFailure) {
            let envelope = try CertificateEnvelope(der: der)
            subject = Self.text(envelope.subject)
            issuer = Self.text(envelope.issuer)
            notBefore = envelope.notBefore
            notAfter = envelope.notAfter
            isSelfIssued = envelope.isSelfIssued
            key = try Self.key(envelope.publicKeyInfo)
            signature = try Self.signature(der)
        } catch {
            return nil
        }
    }

    /// Life in days, rounded up.
    package var days: Int { Int((notAfter - notBefore + 86_399) / 86_400) }

    private static func text(_ name: [UInt8]) -> String {
        do { return try RawDistinguishedName(der: name[...]).text } catch { return "#" + Hexadecimal.text(name) }
    }

    private static func signature(_ der: [UInt8]) throws(DERFailure) -> String {
        var parts = try DERCursor.only(der[...], tag: DERTag.sequence).children
        _ = try parts.next()
        var algorithm = try parts.next(tag: DERTag.sequence).children
        return name(try algorithm.next(tag: DERTag.objectIdentifier).content)
    }

    private static func key(_ info: [UInt8]) throws(DERFailure) -> Key {
        var parts = try DERCursor.only(info[...], tag: DERTag.sequence).children
        var algorithm = try parts.next(tag: DERTag.sequence).children
        let bits = try parts.next(tag: DERTag.bitString).content.dropFirst()
        let identifier = name(try algorithm.next(tag: DERTag.objectIdentifier).content)
        switch identifier {
        case "rsaEncryption", "rsassaPss": return .rsa(bits: try modulusBits(bits))
        case "ecPublicKey": return .elliptic(curve: try curve(algorithm))
        case "Ed25519", "Ed448": return .edwards(identifier)
        case _ where identifier.hasPrefix("ML-DSA"): return .postQuantum(identifier)
        default: return .other(identifier)
        }
    }

    private static func curve(_ algorithm: DERCursor) throws(DERFailure) -> String {
        var algorithm = algorithm
        let parameters = try algorithm.next()
        return parameters.tag == DERTag.objectIdentifier ? name(parameters.content) : "explicit parameters"
    }

    private static func modulusBits(_ key: ArraySlice<UInt8>) throws(DERFailure) -> Int {
        var numbers = try DERCursor.only(key, tag: DERTag.sequence).children
        let modulus = try numbers.next(tag: DERTag.integer).content.drop { $0 == 0 }
        return modulus.first.map { modulus.count * 8 - $0.leadingZeroBitCount } ?? 0
    }

    private static func name(_ identifier: ArraySlice<UInt8>) -> String {
        let dots = dots(identifier)
        return names[dots] ?? dots
    }

    /// X.690 section 8.19; numbers beyond 2^56 are cut.
    private static func dots(_ identifier: ArraySlice<UInt8>) -> String {
        var numbers: [UInt64] = []
        var number: UInt64 = 0
        for byte in identifier.prefix(64) {
            number = (number & 0x00FF_FFFF_FFFF_FFFF) << 7 | UInt64(byte & 0x7F)
            guard byte & 0x80 == 0 else { continue }
            if numbers.isEmpty {
                let first = min(number / 40, 2)
                numbers = [first, number - first * 40]
            } else {
                numbers.append(number)
            }
            number = 0
        }
        return numbers.map(String.init).joined(separator: ".")
    }

    private static let names: [String: String] = [
        "1.2.840.113549.1.1.1": "rsaEncryption", "1.2.840.113549.1.1.10": "rsassaPss",
        "1.2.840.113549.1.1.4": "md5WithRSAEncryption", "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.14": "sha224WithRSAEncryption", "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12": "sha384WithRSAEncryption", "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
        "1.2.840.10045.2.1": "ecPublicKey", "1.2.840.10045.4.1": "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1": "ecdsa-with-SHA224", "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3": "ecdsa-with-SHA384", "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
        "1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521", "1.3.132.0.33": "P-224",
        "1.2.840.10045.3.1.1": "P-192", "1.3.132.0.10": "secp256k1", "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448",
        "2.16.840.1.101.3.4.3.17": "ML-DSA-44", "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
    ]
}
