import NIOCore
import NIOSSL

/// What is spoken on both sides of the gateway: Mozilla Server Side TLS 6.0 (2026-04-06).
///
/// The TLS library's own defaults reach back to TLS 1.0, CBC and static RSA, so nothing is left to them.
enum TLSSettings {
    /// TLS 1.2: forward secrecy and authenticated encryption. The suites of TLS 1.3 are fixed in the library.
    static let cipherSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
    /// The hybrid with ML-KEM-768 first: what is recorded today stays closed to a later quantum computer.
    static let groups: [NIOTLSCurve] = [.x25519_MLKEM768, .x25519, .secp256r1, .secp384r1]
    /// For signatures of both sides; nothing with SHA-1. PKCS #1 v1.5 serves TLS 1.2 and certificates only.
    static let signatureAlgorithms: [SignatureAlgorithm] = [
        .ecdsaSecp256R1Sha256, .ecdsaSecp384R1Sha384, .ecdsaSecp521R1Sha512, .ed25519,
        .rsaPssRsaeSha256, .rsaPssRsaeSha384, .rsaPssRsaeSha512,
        .rsaPkcs1Sha256, .rsaPkcs1Sha384, .rsaPkcs1Sha512,
    ]
    /// ALPN names, most wanted first.
    static let applicationProtocols = ["http/1.1"]

    /// Applies all of the above and switches renegotiation off.
    static func apply(to configuration: inout TLSConfiguration, minimum: TLSVersion) {
        configuration.minimumTLSVersion = minimum
        configuration.maximumTLSVersion = .tlsv13
        configuration.cipherSuiteValues = cipherSuites
        configuration.curves = groups
        configuration.verifySignatureAlgorithms = signatureAlgorithms
        configuration.signingSignatureAlgorithms = signatureAlgorithms
        configuration.applicationProtocols = applicationProtocols
        configuration.renegotiationSupport = .none
        configuration.keyLogCallback = nil
        configuration.additionalTrustRoots = []
        // How long a closed connection waits for the peer's close_notify.
        configuration.shutdownTimeout = .seconds(1)
    }
}
