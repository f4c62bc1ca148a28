import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportTLS

@Suite struct ClientFingerprintTests {
    /// Chrome as in the published example of JA4: the lists of its text, with GREASE mixed in.
    static var published: ClientHello {
        var hello = ClientHello()
        hello.legacyVersion = 0x0303
        hello.cipherSuites = [
            0x5A5A, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C,
            0x009D, 0x002F, 0x0035,
        ]
        hello.extensions = [
            0xAAAA, 0x001B, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002D, 0x000D, 0x0005, 0x0023, 0x0012, 0x002B,
            0xFF01, 0x000B, 0x000A, 0x0015, 0x1A1A,
        ]
        hello.sni = "example.org"
        hello.alpn = [Array("h2".utf8), Array("http/1.1".utf8)]
        hello.supportedVersions = [0x7A7A, 0x0304, 0x0303]
        hello.signatureAlgorithms = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
        return hello
    }

    @Test func thePublishedExampleOfJA4() {
        #expect(Self.published.ja4 == "t13d1516h2_8daaf6152771_e5627efa2ab1")
    }

    @Test func withoutSignatureAlgorithmsAsPublished() {
        var hello = Self.published
        hello.signatureAlgorithms = []
        #expect(hello.ja4 == "t13d1516h2_8daaf6152771_6d807ffa2a79")
    }

    @Test func emptyListsAreZeros() {
        var hello = ClientHello()
        hello.legacyVersion = 0x0301
        #expect(hello.ja4 == "t10i000000_000000000000_000000000000")
        hello.cipherSuites = [0x0A0A]
        #expect(hello.ja4 == "t10i000000_000000000000_000000000000")
    }

    /// The table of examples of the published text.
    @Test(arguments: [
        ([0xAB], "ab"), ([0xAB, 0xCD], "ad"), ([0x30, 0xAB], "3b"),
        ([0x30, 0x31, 0xAB, 0xCD], "3d"), ([0x30, 0xAB, 0xCD, 0x31], "01"), ([0x68], "hh"), ([0x68, 0x33], "h3"),
    ] as [([UInt8], String)])
    func applicationProtocolsOfEveryKind(name: [UInt8], expected: String) {
        var hello = Self.published
        hello.alpn = [name]
        #expect(hello.ja4.hasPrefix("t13d1516\(expected)_"))
    }

    @Test func manySuitesAreNinetyNine() {
        var hello = Self.published
        hello.cipherSuites = (0..<300).map { UInt16($0) }
        #expect(hello.ja4.hasPrefix("t13d9916h2_"))
    }

    @Test(arguments: [
        (0x0304, "13"), (0x0303, "12"), (0x0302, "11"), (0x0301, "10"), (0x0300, "s3"), (0x7F1C, "00"),
    ] as [(UInt16, String)])
    func versions(version: UInt16, code: String) {
        var hello = Self.published
        hello.supportedVersions = [version]
        #expect(hello.ja4.hasPrefix("t\(code)d"))
    }

    /// The example of JA3's own README, and its digest.
    @Test func thePublishedExampleOfJA3() {
        var hello = ClientHello()
        hello.legacyVersion = 769
        hello.cipherSuites = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4]
        hello.extensions = [0, 10, 11]
        hello.groups = [23, 24, 25]
        hello.pointFormats = [0]
        #expect(
            String(decoding: hello.ja3Text, as: UTF8.self)
                == "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0")
        #expect(hello.ja3 == "ada70206e40642a3e4461f35503241d5")
        hello.extensions = []
        hello.groups = []
        hello.pointFormats = []
        hello.cipherSuites = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99]
        #expect(String(decoding: hello.ja3Text, as: UTF8.self) == "769,4-5-10-9-100-98-3-6-19-18-99,,,")
        #expect(hello.ja3 == "de350869b8c85de67a350c8d186f11e6")
    }

    @Test func greaseIsNowhere() {
        var hello = Self.published
        let clean = ClientFingerprint(hello)
        hello.groups = []
        hello.cipherSuites.append(0xFAFA)
        hello.extensions.append(0x0A0A)
        hello.signatureAlgorithms.append(0x2A2A)
        hello.groups.append(0x3A3A)
        #expect(ClientFingerprint(hello) == clean)
        #expect(!GREASE.contains(0x0A1A) && !GREASE.contains(0x0B0B) && GREASE.contains(0xFAFA))
    }

    @Test func whatIsDeniedIsRefusedAndNothingElse() {
        let fingerprint = ClientFingerprint(Self.published)
        #expect(FingerprintDenial(DeniedFingerprints()).isEmpty)
        #expect(FingerprintDenial(DeniedFingerprints()).fault(for: fingerprint) == nil)
        let byJA4 = FingerprintDenial(DeniedFingerprints(ja4: [fingerprint.ja4]))
        #expect(byJA4.fault(for: fingerprint)?.reason == .clientFingerprintDenied)
        let byJA3 = FingerprintDenial(DeniedFingerprints(ja3: [fingerprint.ja3]))
        #expect(byJA3.fault(for: fingerprint)?.reason == .clientFingerprintDenied)
        var other = Self.published
        other.cipherSuites.removeLast()
        #expect(byJA4.fault(for: ClientFingerprint(other)) == nil && byJA3.fault(for: ClientFingerprint(other)) == nil)
    }
}
