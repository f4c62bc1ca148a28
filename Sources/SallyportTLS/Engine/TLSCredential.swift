import CNIOBoringSSL
import SallyportPKI

/// A certificate chain and its key in BoringSSL's form. Immutable, shared by every connection that shows it.
///
/// Of several credentials BoringSSL shows the first that the client can verify: an ECDSA certificate to those that
/// know ECDSA, an RSA certificate to the rest (RFC 8446 section 4.4.2.2).
final class TLSCredential: @unchecked Sendable {
    // @unchecked: an SSL_CREDENTIAL is not changed after init, and its reference count is atomic.
    let pointer: OpaquePointer

    /// - Parameters:
    ///   - algorithms: what the key may sign with, by IANA number. A key that can do none of them is refused.
    ///   - source: what to call the certificate in errors.
    init(_ pair: CredentialPair, algorithms: [UInt16], source: String) throws(PKIError) {
        guard let pointer = SSL_CREDENTIAL_new_x509() else {
            throw PKIError(.tlsLibraryRefused, source, "no memory for a credential")
        }
        self.pointer = pointer
        try Self.set(chain: pair.chain.map(\.der), on: pointer, source: source)
        try Self.set(key: pair.key.pkcs8DER, on: pointer, source: source)
        guard pair.key.signatureSchemes.contains(where: algorithms.contains) else {
            throw PKIError(
                .tlsLibraryRefused, source, "the profile has no signature algorithm for its key (\(pair.key))")
        }
        guard SSL_CREDENTIAL_set1_signing_algorithm_prefs(pointer, algorithms, algorithms.count) == 1 else {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLErrors.text())
        }
    }

    deinit {
        SSL_CREDENTIAL_free(pointer)
    }

    private static func set(chain: [[UInt8]], on pointer: OpaquePointer, source: String) throws(PKIError) {
        let buffers = chain.map { CRYPTO_BUFFER_new($0, $0.count, nil) }
        defer { for buffer in buffers { CRYPTO_BUFFER_free(buffer) } }
        guard SSL_CREDENTIAL_set1_cert_chain(pointer, buffers, buffers.count) == 1 else {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLErrors.text())
        }
    }

    private static func set(key: [UInt8], on pointer: OpaquePointer, source: String) throws(PKIError) {
        let parsed = key.withUnsafeBufferPointer { bytes in
            var cbs = CBS()
            CBS_init(&cbs, bytes.baseAddress, bytes.count)
            return EVP_parse_private_key(&cbs)
        }
        defer { EVP_PKEY_free(parsed) }
        guard let parsed, SSL_CREDENTIAL_set1_private_key(pointer, parsed) == 1 else {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLErrors.text())
        }
    }
}
