/// What a client has to offer for a profile to serve it: whom a stricter profile would shut out.
package enum ProfileDemand: String, Sendable, CaseIterable {
    /// TLS 1.2 or 1.3, forward secrecy and authenticated encryption.
    case intermediate
    /// TLS 1.3 only.
    case modern
    /// TLS 1.3 and ML-KEM, alone or with X25519.
    case postQuantum = "post-quantum"
    /// TLS 1.3, AES-256 and ML-KEM-1024.
    case cnsa

    /// Whether a client that says hello like this would be served.
    package func isMet(by hello: ClientHello) -> Bool {
        switch self {
        case .intermediate:
            Self.offersTLS13(hello, suites: Self.suites13) && Self.offersAny(hello, Self.classical + Self.hybrid)
                || hello.versions.contains(WireVersion.tls12.rawValue)
                    && hello.cipherSuites.contains { CipherSuite(rawValue: $0).kind == .modern12 }
                    && (hello.groups.isEmpty || Self.offersAny(hello, Self.classical))
        case .modern:
            Self.offersTLS13(hello, suites: Self.suites13) && Self.offersAny(hello, Self.classical + Self.hybrid)
        case .postQuantum:
            Self.offersTLS13(hello, suites: Self.suites13) && Self.offersAny(hello, Self.hybrid + Self.level5)
        case .cnsa: Self.offersTLS13(hello, suites: [0x1302]) && Self.offersAny(hello, Self.level5)
        }
    }

    private static let suites13: [UInt16] = [0x1301, 0x1302, 0x1303]
    private static let classical: [NamedGroup] = [.x25519, .secp256r1, .secp384r1]
    private static let hybrid: [NamedGroup] = [.x25519MLKEM768]
    private static let level5: [NamedGroup] = [.mlkem1024]

    private static func offersTLS13(_ hello: ClientHello, suites: [UInt16]) -> Bool {
        hello.versions.contains(WireVersion.tls13.rawValue) && hello.cipherSuites.contains { suites.contains($0) }
    }

    private static func offersAny(_ hello: ClientHello, _ groups: [NamedGroup]) -> Bool {
        hello.groups.contains { offered in groups.contains { $0.rawValue == offered } }
    }
}
