import SallyportConfig
import SallyportPKI

extension ServerPosture {
    /// What a listener with this profile does, without asking one that runs. That it is true of one that runs is a test.
    ///
    /// - Parameter certificates: what the listener will show; empty when that is not known yet.
    package init(profile: TLSProfile, certificates: [CertificateStrength]) {
        self.init()
        let offer = Offer.of(profile.base)
        versions = offer.suites12.isEmpty ? [.tls13] : [.tls13, .tls12]
        suites13 = offer.suites13.map(CipherSuite.init)
        suites12 = offer.suites12.map(CipherSuite.init).filter { Self.fits($0, certificates) }
        groups = offer.groups
        self.certificates = certificates
        if !offer.suites12.isEmpty {
            hasSecureRenegotiation = true
            hasExtendedMasterSecret = true
            refusesFallback = true
        }
        asksForClientCertificate = profile.clientCertificates.mode != .none
        if certificates.isEmpty { gaps = ["the certificate is issued when the gateway runs"] }
    }

    /// A suite needs a certificate whose key can sign for it.
    private static func fits(_ suite: CipherSuite, _ certificates: [CertificateStrength]) -> Bool {
        certificates.isEmpty
            || certificates.contains { certificate in
                if case .rsa = certificate.key { suite.name.contains("_RSA_") } else { suite.name.contains("_ECDSA_") }
            }
    }

    private struct Offer {
        var suites13: [UInt16] = [0x1301, 0x1302, 0x1303]
        var suites12: [UInt16] = []
        var groups: [NamedGroup] = [.x25519MLKEM768, .x25519, .secp256r1, .secp384r1]

        static func of(_ base: TLSProfile.Base) -> Offer {
            switch base {
            case .modern: Offer()
            case .intermediate: Offer(suites12: [0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8])
            case .postQuantum: Offer(groups: [.x25519MLKEM768, .mlkem1024])
            case .cnsa: Offer(suites13: [0x1302], groups: [.mlkem1024])
            }
        }
    }
}

extension TLSProfile.Base {
    /// The guideline that the profile was made after.
    package var gradedBy: String {
        switch self {
        case .modern: "mozilla-modern"
        // ML-KEM-1024, which it offers too, is not in the tables of Mozilla.
        case .postQuantum: "rfc9325"
        case .intermediate: "mozilla-intermediate"
        case .cnsa: "cnsa-2.0"
        }
    }
}
