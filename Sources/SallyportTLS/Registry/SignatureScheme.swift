/// A signature algorithm by its number in the IANA registry "TLS SignatureScheme".
package struct SignatureScheme: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    private static let table: [(id: UInt16, name: String)] = [
        (0x0403, "ecdsa_secp256r1_sha256"), (0x0503, "ecdsa_secp384r1_sha384"), (0x0603, "ecdsa_secp521r1_sha512"),
        (0x0807, "ed25519"), (0x0808, "ed448"), (0x0804, "rsa_pss_rsae_sha256"), (0x0805, "rsa_pss_rsae_sha384"),
        (0x0806, "rsa_pss_rsae_sha512"), (0x0809, "rsa_pss_pss_sha256"), (0x080A, "rsa_pss_pss_sha384"),
        (0x080B, "rsa_pss_pss_sha512"), (0x0401, "rsa_pkcs1_sha256"), (0x0501, "rsa_pkcs1_sha384"),
        (0x0601, "rsa_pkcs1_sha512"), (0x0904, "mldsa44"), (0x0905, "mldsa65"), (0x0906, "mldsa87"),
        (0x0203, "ecdsa_sha1"), (0x0201, "rsa_pkcs1_sha1"), (0x0303, "ecdsa_sha224"), (0x0301, "rsa_pkcs1_sha224"),
        (0x0101, "rsa_pkcs1_md5"), (0x0202, "dsa_sha1"), (0x0402, "dsa_sha256"),
    ]
    private static let names = Dictionary(uniqueKeysWithValues: table.map { ($0.id, $0.name) })

    package static let known = table.map { SignatureScheme(rawValue: $0.id) }

    package var name: String { Self.names[rawValue] ?? HexText.uint16(rawValue) }

    package var isKnown: Bool { Self.names[rawValue] != nil }

    /// MD5, SHA-1, SHA-224 or DSA: collisions are within reach (RFC 9155 forbids the first two in TLS 1.2).
    package var isWeak: Bool { rawValue >> 8 <= 0x03 || rawValue & 0xFF == 0x02 && rawValue >> 8 <= 0x06 }
}
