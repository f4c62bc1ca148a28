import CNIOBoringSSL

/// What a handshake agreed on, in the names of the IANA registries.
package struct TLSFacts: Sendable, Hashable {
    package let version: TLSProtocolVersion
    /// Such as `TLS_AES_128_GCM_SHA256`.
    package let cipherSuite: String
    /// The key exchange group, such as `X25519MLKEM768`; nil where none was used.
    package let group: String?
    /// Whether the session continues an earlier one, with its certificates.
    package let resumed: Bool
    /// Whether the first ClientHello had no key share that could be used (RFC 8446 section 4.1.4).
    package let helloRetryRequest: Bool
    /// What the peer signed the handshake with, such as `ecdsa_secp256r1_sha256`; nil when it did not sign.
    package let peerSignatureAlgorithm: String?
    /// The negotiated application protocol; nil when the client offered none.
    package let alpn: String?

    package init(
        version: TLSProtocolVersion, cipherSuite: String, group: String?, resumed: Bool,
        helloRetryRequest: Bool = false, peerSignatureAlgorithm: String? = nil, alpn: String?
    ) {
        self.version = version
        self.cipherSuite = cipherSuite
        self.group = group
        self.resumed = resumed
        self.helloRetryRequest = helloRetryRequest
        self.peerSignatureAlgorithm = peerSignatureAlgorithm
        self.alpn = alpn
    }

    /// Whether what is recorded today stays closed to a later quantum computer.
    package var isPostQuantum: Bool { group?.contains("MLKEM") ?? false }
}

/// As access logs write it.
package enum TLSProtocolVersion: String, Sendable, Hashable {
    case tls12 = "TLSv1.2"
    case tls13 = "TLSv1.3"
}

extension TLSFacts {
    /// Nil when the library reports a version that was never allowed.
    init?(ssl: OpaquePointer) {
        let version: TLSProtocolVersion
        switch SSL_version(ssl) {
        case TLS1_3_VERSION: version = .tls13
        case TLS1_2_VERSION: version = .tls12
        default: return nil
        }
        guard let cipher = SSL_get_current_cipher(ssl), let suite = SSL_CIPHER_standard_name(cipher) else { return nil }
        self.init(
            version: version, cipherSuite: String(cString: suite), group: Self.group(ssl),
            resumed: SSL_session_reused(ssl) == 1, helloRetryRequest: SSL_used_hello_retry_request(ssl) == 1,
            peerSignatureAlgorithm: Self.signatureAlgorithm(ssl), alpn: Self.alpn(ssl))
    }

    private static func group(_ ssl: OpaquePointer) -> String? {
        SSL_get_group_name(SSL_get_group_id(ssl)).map { String(cString: $0) }
    }

    private static func signatureAlgorithm(_ ssl: OpaquePointer) -> String? {
        SSL_get_signature_algorithm_name(SSL_get_peer_signature_algorithm(ssl), 1).map { String(cString: $0) }
    }

    private static func alpn(_ ssl: OpaquePointer) -> String? {
        var (bytes, count): (UnsafePointer<UInt8>?, UInt32) = (nil, 0)
        SSL_get0_alpn_selected(ssl, &bytes, &count)
        guard let bytes, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }
}
