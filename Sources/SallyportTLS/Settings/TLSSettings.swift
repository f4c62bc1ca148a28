import CNIOBoringSSL
import SallyportConfig

/// Versions and algorithms of one side of one policy. Nothing is left to the TLS library's defaults.
///
/// The values are those of Mozilla Server Side TLS 6.0 (2026-04-06), but for CNSA 2.0.
struct TLSSettings: Sendable {
    /// The lowest version; the highest is always TLS 1.3.
    let minimum: TLSProtocolVersion
    /// Key exchange groups by IANA number, most wanted first.
    var groups = TLSSettings.hybridFirst
    /// For signatures of both sides, by IANA number.
    var signatureAlgorithms = TLSSettings.modernSignatures
    /// AES-256-GCM only, and what else CNSA 2.0 asks for.
    var isCNSA = false
    /// ALPN names, most wanted first.
    var protocols = TLSSettings.applicationProtocols

    /// The hybrid with ML-KEM-768 first: what is recorded today stays closed to a later quantum computer.
    static let hybridFirst: [UInt16] = [0x11EC, 0x001D, 0x0017, 0x0018]
    /// X25519MLKEM768, and ML-KEM-1024 for clients that want no classical part.
    static let postQuantumOnly: [UInt16] = [0x11EC, 0x0202]
    static let mlkem1024: [UInt16] = [0x0202]
    /// To meet any server there is.
    static let everyGroup = hybridFirst + mlkem1024

    /// TLS 1.2: forward secrecy and authenticated encryption. The suites of TLS 1.3 are fixed in the library.
    static let cipherSuites = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
        ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """

    /// Nothing with SHA-1. PKCS #1 v1.5 serves TLS 1.2 only.
    static let modernSignatures: [UInt16] = [
        0x0403, 0x0503, 0x0603, 0x0807,  // ecdsa with P-256, P-384, P-521, Ed25519
        0x0804, 0x0805, 0x0806,  // rsa_pss_rsae with SHA-256, 384, 512
        0x0401, 0x0501, 0x0601,  // rsa_pkcs1 with SHA-256, 384, 512
    ]

    /// ecdsa_secp384r1_sha384, rsa_pss_rsae_sha384, rsa_pkcs1_sha384.
    static let cnsaSignatures: [UInt16] = [0x0503, 0x0805, 0x0501]

    static let applicationProtocols = ["http/1.1"]

    /// Seconds a session can be resumed; whom it belongs to is looked at again each time.
    static let sessionLifetime: UInt32 = 4 * 3600

    /// Largest message of certificates, bytes: what the verifier takes, and room for encoding.
    private static let certificateBytes = 72 << 10

    /// The protocols as ALPN writes them: a length before each (RFC 7301 section 3.1).
    var alpnList: [UInt8] { Self.alpnList(protocols) }

    static func alpnList(_ protocols: [String]) -> [UInt8] {
        protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    }

    /// False with a reason in the library's error queue.
    func apply(to context: OpaquePointer) -> Bool {
        let version = minimum == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
        SSL_CTX_set_max_cert_list(context, Self.certificateBytes)
        SSL_CTX_set_early_data_enabled(context, 0)
        return SSL_CTX_set_min_proto_version(context, UInt16(version)) == 1
            && SSL_CTX_set_max_proto_version(context, UInt16(TLS1_3_VERSION)) == 1
            && SSL_CTX_set_strict_cipher_list(context, Self.cipherSuites) == 1
            && SSL_CTX_set1_group_ids(context, groups, groups.count) == 1
            && SSL_CTX_set_verify_algorithm_prefs(context, signatureAlgorithms, signatureAlgorithms.count) == 1
            && (!isCNSA || SSL_CTX_set_compliance_policy(context, ssl_compliance_policy_cnsa2_202603) == 1)
    }
}

extension TLSSettings {
    init(_ profile: TLSProfile) {
        switch profile.base {
        case .intermediate: self.init(minimum: .tls12)
        case .modern: self.init(minimum: .tls13)
        case .postQuantum: self.init(minimum: .tls13, groups: Self.postQuantumOnly)
        case .cnsa:
            self.init(
                minimum: .tls13, groups: Self.mlkem1024, signatureAlgorithms: Self.cnsaSignatures, isCNSA: true)
        }
    }
}
