import NIOSSL
import SallyportModel
import SallyportPKI

extension CredentialPair {
    /// Chain and key in the TLS library's form.
    ///
    /// - Parameter source: what to call the certificate in errors.
    func material(
        source: String
    ) throws(PKIError) -> (chain: [NIOSSLCertificateSource], key: NIOSSLPrivateKeySource) {
        do {
            let certificates = try chain.map { try NIOSSLCertificate(bytes: $0.der, format: .der) }
            let key = try NIOSSLPrivateKey(bytes: key.pkcs8DER, format: .der)
            return (certificates.map { .certificate($0) }, .privateKey(key))
        } catch {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLMessage.text(of: error))
        }
    }
}

extension NIOSSLContext {
    /// A context with these settings, or the library's words why there is none.
    static func make(_ configuration: TLSConfiguration, source: String) throws(PKIError) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLMessage.text(of: error))
        }
    }
}

extension TrustAnchor {
    static func certificates(_ anchors: [TrustAnchor], source: String) throws(PKIError) -> [NIOSSLCertificate] {
        do {
            return try anchors.map { try NIOSSLCertificate(bytes: $0.certificate.der, format: .der) }
        } catch {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLMessage.text(of: error))
        }
    }
}
