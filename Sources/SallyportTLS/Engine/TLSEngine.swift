import CNIOBoringSSL
import NIOCore

/// One TLS connection over BoringSSL without a socket: ciphertext goes in and comes out as bytes.
///
/// It has no thread and no clock. It belongs to one event loop, and is not used after a failure.
///
/// ```
///  receive ──▶ inbound ──▶ ┌──────────┐ ──▶ handshake, read
///                          │ BoringSSL│
///  takeOutbound ◀── outbound ◀── └──────────┘ ◀── write, closeNotify
/// ```
final class TLSEngine {
    enum HandshakeStep: Equatable {
        /// The peer has to say more.
        case incomplete
        case complete
        case failed(TLSFailure)
    }

    enum ReadOutcome: Equatable {
        /// All that was received is decrypted.
        case drained
        /// The peer said close_notify: no more will come.
        case closed
        case failed(TLSFailure)
    }

    private let ssl: OpaquePointer
    private let context: TLSContext
    private let allocator = ByteBufferAllocator()
    private var inbound: ByteBuffer?
    private var outbound: ByteBuffer?
    /// Judges the chain that the peer presents, leaf first, in DER. True lets the handshake go on; what it proves
    /// about the key follows. Not called in a resumed handshake.
    private var judge: (([[UInt8]]) -> Bool)?

    /// For a client of the gateway.
    ///
    /// - Parameters:
    ///   - credentials: of which one is shown, in order of preference.
    ///   - sessionContext: at most 32 bytes; a ticket resumes only where these are the same.
    init?(
        server context: TLSContext, credentials: [TLSCredential], sessionContext: [UInt8],
        judge: @escaping ([[UInt8]]) -> Bool
    ) {
        guard let ssl = SSL_new(context.pointer) else { return nil }
        (self.ssl, self.context, self.judge) = (ssl, context, judge)
        SSL_set_accept_state(ssl)
        let added = credentials.allSatisfy { SSL_add1_credential(ssl, $0.pointer) == 1 }
        guard added, SSL_set_session_id_context(ssl, sessionContext, sessionContext.count) == 1, attach() else {
            return nil
        }
    }

    /// For a server that the gateway calls.
    ///
    /// - Parameters:
    ///   - serverName: sent to the server; nil sends none, as for an address.
    ///   - credential: presented when the server asks for a certificate.
    ///   - protocols: offered by ALPN instead of those of the context, most wanted first.
    init?(
        client context: TLSContext, serverName: String?, credential: TLSCredential?, protocols: [String]? = nil,
        judge: @escaping ([[UInt8]]) -> Bool
    ) {
        guard let ssl = SSL_new(context.pointer) else { return nil }
        (self.ssl, self.context, self.judge) = (ssl, context, judge)
        SSL_set_connect_state(ssl)
        if let serverName, SSL_set_tlsext_host_name(ssl, serverName) != 1 { return nil }
        if let credential, SSL_add1_credential(ssl, credential.pointer) != 1 { return nil }
        if let list = protocols.map(TLSSettings.alpnList), SSL_set_alpn_protos(ssl, list, list.count) != 0 { return nil }
        guard attach() else { return nil }
    }

    deinit {
        SSL_free(ssl)
    }

    private func attach() -> Bool {
        guard let bio = BIO_new(Self.transport) else { return false }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        // Both directions in one; the connection owns it from here on.
        SSL_set_bio(ssl, bio, bio)
        // Settings that only a handshake needs are let go of after it.
        SSL_set_shed_handshake_config(ssl, 1)
        return SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque()) == 1
    }

    // MARK: Ciphertext

    /// Takes what came from the peer.
    func receive(_ bytes: ByteBuffer) {
        if inbound == nil { inbound = bytes } else { inbound?.writeImmutableBuffer(bytes) }
    }

    var hasInbound: Bool { (inbound?.readableBytes ?? 0) > 0 }

    /// What is to be sent to the peer; nil when there is nothing.
    func takeOutbound() -> ByteBuffer? { outbound.take() }

    // MARK: Handshake

    func handshake() -> HandshakeStep {
        BoringSSLErrors.clear()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            judge = nil
            return .complete
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .incomplete
        case SSL_ERROR_ZERO_RETURN: return .failed(.closeNotify)
        default: return .failed(.library(BoringSSLErrors.take()))
        }
    }

    /// What was agreed on. Nil before the handshake is complete.
    var facts: TLSFacts? { TLSFacts(ssl: ssl) }

    /// The server name as the library understood it, to compare with what the ClientHello reader saw.
    var serverName: String? {
        SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }

    /// Whether this is what we presented in a full handshake.
    func hasShown(_ credential: TLSCredential) -> Bool { SSL_get0_selected_credential(ssl) == credential.pointer }

    /// What the peer presented, leaf first, in DER; after resumption what it presented when the session began.
    var peerCertificates: [[UInt8]] { Self.bytes(of: SSL_get0_peer_certificates(ssl)) }

    /// A client's view of a server that asks for a certificate: the authorities it named, DER; nil when it did not ask.
    var requestedAuthorities: [[UInt8]]? {
        SSL_get0_server_requested_CAs(ssl).map { Self.bytes(of: $0) }
    }

    /// What the server stapled (RFC 6066 section 8); empty when it did not.
    var stapledOCSPResponse: [UInt8] {
        var (bytes, count): (UnsafePointer<UInt8>?, Int) = (nil, 0)
        SSL_get0_ocsp_response(ssl, &bytes, &count)
        guard let bytes else { return [] }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    private static func bytes(of stack: OpaquePointer?) -> [[UInt8]] {
        guard let stack else { return [] }
        return (0..<sk_CRYPTO_BUFFER_num(stack)).map { index in
            let buffer = sk_CRYPTO_BUFFER_value(stack, index)
            return Array(UnsafeBufferPointer(start: CRYPTO_BUFFER_data(buffer), count: CRYPTO_BUFFER_len(buffer)))
        }
    }

    /// BoringSSL's question about a presented chain. A refused peer is told certificate_unknown, whatever the reason.
    static let verifyCallback:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<UInt8>?) -> ssl_verify_result_t = { ssl, alert in
            alert?.pointee = UInt8(SSL_AD_CERTIFICATE_UNKNOWN)
            guard let ssl, let data = SSL_get_ex_data(ssl, 0) else { return ssl_verify_invalid }
            let engine = Unmanaged<TLSEngine>.fromOpaque(data).takeUnretainedValue()
            return engine.judge?(engine.peerCertificates) == true ? ssl_verify_ok : ssl_verify_invalid
        }

    // MARK: Plaintext

    /// Decrypts all that has been received and appends it to the buffer.
    func read(into plaintext: inout ByteBuffer) -> ReadOutcome {
        BoringSSLErrors.clear()
        while true {
            // Ciphertext is longer than what it hides, but part of a record may have come before.
            plaintext.reserveCapacity(minimumWritableBytes: max(512, inbound?.readableBytes ?? 0))
            var result: CInt = 0
            plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { target in
                result = SSL_read(ssl, target.baseAddress, CInt(clamping: target.count))
                return max(0, Int(result))
            }
            // Asking again would only have the library say that it wants more.
            if result > 0, inbound == nil, SSL_has_pending(ssl) == 0 { return .drained }
            guard result <= 0 else { continue }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: return .drained
            case SSL_ERROR_ZERO_RETURN: return .closed
            default: return .failed(.library(BoringSSLErrors.take()))
            }
        }
    }

    /// Encrypts the bytes; they wait in `takeOutbound`.
    func write(_ plaintext: ByteBuffer) throws(TLSFailure) {
        guard plaintext.readableBytes > 0 else { return }
        BoringSSLErrors.clear()
        let written = plaintext.withUnsafeReadableBytes { bytes in
            SSL_write(ssl, bytes.baseAddress, CInt(clamping: bytes.count))
        }
        guard Int(written) == plaintext.readableBytes else { throw .library(BoringSSLErrors.take()) }
    }

    /// Says that nothing more will be sent (RFC 8446 section 6.1); without effect after a failure.
    func closeNotify() {
        BoringSSLErrors.clear()
        SSL_shutdown(ssl)
        BoringSSLErrors.clear()
    }

    // MARK: Transport

    // nonisolated(unsafe): written once, before first use, and never changed.
    private nonisolated(unsafe) static let transport: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sallyport") else { return nil }
        BIO_meth_set_read(method) { bio, target, count in
            guard let engine = TLSEngine.of(bio) else { return -1 }
            return engine.give(to: target, count: count, bio)
        }
        BIO_meth_set_write(method) { bio, source, count in
            guard let engine = TLSEngine.of(bio) else { return -1 }
            return engine.take(from: source, count: count)
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }()

    private static func of(_ bio: OpaquePointer?) -> TLSEngine? {
        guard let bio, let data = BIO_get_data(bio) else { return nil }
        BIO_clear_retry_flags(bio)
        return Unmanaged<TLSEngine>.fromOpaque(data).takeUnretainedValue()
    }

    private func give(to target: UnsafeMutablePointer<CChar>?, count: CInt, _ bio: OpaquePointer?) -> CInt {
        guard let target, count > 0 else { return 0 }
        let read =
            inbound?.readWithUnsafeReadableBytes { bytes in
                let step = min(bytes.count, Int(count))
                UnsafeMutableRawBufferPointer(start: target, count: step).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes.prefix(step)))
                return step
            } ?? 0
        if inbound?.readableBytes == 0 { inbound = nil }
        guard read > 0 else {
            BIO_set_retry_read(bio)
            return -1
        }
        return CInt(read)
    }

    private func take(from source: UnsafePointer<CChar>?, count: CInt) -> CInt {
        guard let source, count > 0 else { return 0 }
        if outbound == nil { outbound = allocator.buffer(capacity: Int(count)) }
        outbound?.writeBytes(UnsafeRawBufferPointer(start: source, count: Int(count)))
        return count
    }
}
