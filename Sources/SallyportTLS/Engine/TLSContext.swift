import CNIOBoringSSL
import SallyportPKI

/// Settings and secrets that connections of one policy share: BoringSSL's `SSL_CTX`. Immutable after init.
///
/// It has no certificate store and keeps certificates as bytes: chains are judged by `ChainVerifier` alone. The key
/// that seals session tickets is random and lives in here, so tickets of one context mean nothing to another.
final class TLSContext: @unchecked Sendable {
    // @unchecked: an SSL_CTX is made to be shared by threads once it is set up; nothing here changes it after init.
    let pointer: OpaquePointer
    private let protocols: UnsafeMutableBufferPointer<UInt8>

    enum Side {
        /// - authorities: subjects, DER, sent to clients as a hint which certificate to present.
        case server(PeerCertificate, resumption: Bool, authorities: [[UInt8]])
        case client
    }

    enum PeerCertificate {
        case required, optional, unwanted
    }

    /// - Parameter source: what to call this in errors.
    init(_ settings: TLSSettings, side: Side, source: String) throws(PKIError) {
        guard let pointer = SSL_CTX_new(TLS_with_buffers_method()) else {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLErrors.text())
        }
        self.pointer = pointer
        protocols = .allocate(capacity: settings.alpnList.count)
        _ = protocols.initialize(fromContentsOf: settings.alpnList)
        BoringSSLErrors.clear()
        guard settings.apply(to: pointer), configure(side) else {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLErrors.text())
        }
    }

    deinit {
        SSL_CTX_free(pointer)
        protocols.deallocate()
    }

    private func configure(_ side: Side) -> Bool {
        switch side {
        case .client:
            SSL_CTX_set_session_cache_mode(pointer, SSL_SESS_CACHE_OFF)
            SSL_CTX_set_custom_verify(pointer, SSL_VERIFY_PEER, TLSEngine.verifyCallback)
            SSL_CTX_enable_ocsp_stapling(pointer)
            return protocols.isEmpty
                || SSL_CTX_set_alpn_protos(pointer, protocols.baseAddress, protocols.count) == 0
        case .server(let certificate, let resumption, let authorities):
            let mode =
                switch certificate {
                case .required: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                case .optional: SSL_VERIFY_PEER
                case .unwanted: SSL_VERIFY_NONE
                }
            SSL_CTX_set_custom_verify(pointer, mode, TLSEngine.verifyCallback)
            SSL_CTX_set_alpn_select_cb(pointer, Self.selectProtocol, Unmanaged.passUnretained(self).toOpaque())
            configureResumption(resumption)
            return set(authorities: authorities)
        }
    }

    /// Sessions are kept by the client, in tickets; the server keeps none. One ticket per handshake is enough for
    /// clients that reuse connections, and each costs an encryption.
    private func configureResumption(_ isAllowed: Bool) {
        SSL_CTX_set_session_cache_mode(pointer, SSL_SESS_CACHE_OFF)
        guard isAllowed else {
            SSL_CTX_set_options(pointer, UInt32(SSL_OP_NO_TICKET))
            return
        }
        SSL_CTX_set_num_tickets(pointer, 1)
        SSL_CTX_set_timeout(pointer, TLSSettings.sessionLifetime)
        SSL_CTX_set_session_psk_dhe_timeout(pointer, TLSSettings.sessionLifetime)
    }

    private func set(authorities: [[UInt8]]) -> Bool {
        guard let stack = sk_CRYPTO_BUFFER_new_null() else { return false }
        for name in authorities {
            guard let buffer = CRYPTO_BUFFER_new(name, name.count, nil) else { continue }
            if sk_CRYPTO_BUFFER_push(stack, buffer) == 0 { CRYPTO_BUFFER_free(buffer) }
        }
        SSL_CTX_set0_client_CAs(pointer, stack)
        return true
    }

    /// The first of our protocols that the client offers. No overlap ends the handshake (RFC 7301 section 3.2).
    private static let selectProtocol:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
            UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
        ) -> CInt = { _, out, outCount, offered, offeredCount, argument in
            guard let argument, let out, let outCount else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            let ours = Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue().protocols
            var chosen: UnsafeMutablePointer<UInt8>?
            let outcome = SSL_select_next_proto(
                &chosen, outCount, ours.baseAddress, UInt32(ours.count), offered, offeredCount)
            guard outcome == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            out.pointee = UnsafePointer(chosen)
            return SSL_TLSEXT_ERR_OK
        }
}
