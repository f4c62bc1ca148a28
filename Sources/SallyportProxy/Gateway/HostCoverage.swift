import SallyportConfig
import SallyportModel
import SallyportPKI

/// Whether each host that has rules of its own has a certificate to show.
enum HostCoverage {
    /// - Parameter credentials: every certificate of the listener, as read or issued; one that is still to come bears the
    ///   names that the file gives for it.
    /// - Throws: for a host that none of its certificates bears.
    static func check(
        _ tls: ListenerTLS, listener: String, credentials: [ServerCertificate: CredentialPair]
    ) throws(PKIError) {
        var names: [ServerCertificate: CertificateNames] = [:]
        for (certificate, credential) in credentials { names[certificate] = try Self.names(of: credential, listener) }
        for host in tls.hosts {
            let own = host.certificates.isEmpty ? tls.certificates : host.certificates
            let isBorne = own.contains { certificate in
                (names[certificate] ?? CertificateNames(certificate.namesInFile ?? [])).meet(host.host)
            }
            if isBorne { continue }
            throw PKIError(
                .hostOutsideCertificates, "listener \(listener), host \(host.host.text)",
                "none of its certificates bears the name")
        }
    }

    private static func names(of credential: CredentialPair, _ listener: String) throws(PKIError) -> CertificateNames {
        guard let leaf = credential.chain.first else { return CertificateNames([]) }
        do throws(ChainRefusal) { return CertificateNames(try CertificateReader.facts(leaf)) } catch {
            throw PKIError(.certificateFileUnusable, "listener \(listener)", error.detail)
        }
    }
}
