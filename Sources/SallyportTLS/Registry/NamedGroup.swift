/// A key exchange group by its number in the IANA registry "TLS Supported Groups".
package struct NamedGroup: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let x25519 = NamedGroup(rawValue: 0x001D)
    package static let secp256r1 = NamedGroup(rawValue: 0x0017)
    package static let secp384r1 = NamedGroup(rawValue: 0x0018)
    package static let secp521r1 = NamedGroup(rawValue: 0x0019)
    package static let x448 = NamedGroup(rawValue: 0x001E)
    package static let mlkem1024 = NamedGroup(rawValue: 0x0202)
    package static let x25519MLKEM768 = NamedGroup(rawValue: 0x11EC)
    package static let secp384r1MLKEM1024 = NamedGroup(rawValue: 0x11ED)

    /// Groups that are asked for when a server is probed, and named in reports.
    private static let table: [(id: UInt16, name: String)] = [
        (0x11EC, "X25519MLKEM768"), (0x11EB, "SecP256r1MLKEM768"), (0x11ED, "SecP384r1MLKEM1024"),
        (0x0200, "MLKEM512"), (0x0201, "MLKEM768"), (0x0202, "MLKEM1024"), (0x6399, "X25519Kyber768Draft00"),
        (0x001D, "X25519"), (0x0017, "P-256"), (0x0018, "P-384"), (0x0019, "P-521"), (0x001E, "X448"),
        (0x001A, "brainpoolP256r1"), (0x001B, "brainpoolP384r1"), (0x001C, "brainpoolP512r1"),
        (0x001F, "brainpoolP256r1tls13"), (0x0020, "brainpoolP384r1tls13"), (0x0021, "brainpoolP512r1tls13"),
        (0x0016, "secp256k1"), (0x0015, "P-224"), (0x0013, "P-192"), (0x000E, "sect571r1"), (0x000D, "sect571k1"),
        (0x000C, "sect409r1"), (0x000B, "sect409k1"), (0x000A, "sect283r1"), (0x0009, "sect283k1"),
        (0x0100, "ffdhe2048"), (0x0101, "ffdhe3072"), (0x0102, "ffdhe4096"), (0x0103, "ffdhe6144"),
        (0x0104, "ffdhe8192"),
    ]
    private static let names = Dictionary(uniqueKeysWithValues: table.map { ($0.id, $0.name) })

    package static let known = table.map { NamedGroup(rawValue: $0.id) }

    package var name: String { Self.names[rawValue] ?? HexText.uint16(rawValue) }

    package var isKnown: Bool { Self.names[rawValue] != nil }

    /// Whether what is recorded today stays closed to a later quantum computer.
    package var isPostQuantum: Bool {
        (0x11EB...0x11ED).contains(rawValue) || (0x0200...0x0202).contains(rawValue) || rawValue == 0x6399
    }
}
