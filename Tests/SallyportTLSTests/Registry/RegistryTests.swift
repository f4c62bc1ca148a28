import Testing

@testable import SallyportTLS

@Suite struct RegistryTests {
    @Test(arguments: [
        (0x0000, .null), (0x0002, .null), (0x0034, .anonymous), (0xC018, .anonymous), (0x0017, .anonymous),
        (0x0003, .export), (0x0005, .rc4), (0xC011, .rc4), (0x000A, .smallBlock), (0xC012, .smallBlock),
        (0x0009, .smallBlock), (0x002F, .rsaKeyTransport), (0x009C, .rsaKeyTransport), (0x0031, .staticDiffieHellman),
        (0xC02D, .staticDiffieHellman), (0xC013, .cbc), (0x0033, .cbc), (0x009E, .finiteField), (0xCCAA, .finiteField),
        (0xC02B, .modern12), (0xCCA9, .modern12), (0xC0AC, .modern12), (0x1301, .tls13), (0x1305, .tls13),
    ] as [(UInt16, CipherSuite.Kind)])
    func suitesAreWhatTheirNamesSay(id: UInt16, kind: CipherSuite.Kind) {
        #expect(CipherSuite(rawValue: id).kind == kind)
    }

    @Test func unknownNumbersHaveNoKindAndShowThemselves() {
        #expect(CipherSuite(rawValue: 0xDEAD).kind == nil && CipherSuite(rawValue: 0xDEAD).name == "0xDEAD")
        #expect(NamedGroup(rawValue: 0x0001).name == "0x0001" && !NamedGroup(rawValue: 1).isKnown)
        #expect(WireVersion(rawValue: 0x7F1C).name == "0x7F1C")
    }

    @Test func weakSignaturesAreThose() {
        let weak = SignatureScheme.known.filter(\.isWeak).map(\.name)
        #expect(
            weak == [
                "ecdsa_sha1", "rsa_pkcs1_sha1", "ecdsa_sha224", "rsa_pkcs1_sha224", "rsa_pkcs1_md5", "dsa_sha1",
                "dsa_sha256",
            ])
    }
}
