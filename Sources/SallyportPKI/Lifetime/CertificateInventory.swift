import SallyportConfig
import SallyportModel

/// Every certificate and authority that a configuration puts to use.
package struct CertificateInventory: Sendable {
    private let configuration: Configuration
    /// What was read of the configuration's files.
    private let credentials: [PresentedCertificate: CredentialPair]
    private let bundles: [String: TrustBundle]
    private let local: LocalAuthority?

    package init(
        _ configuration: Configuration, credentials: [PresentedCertificate: CredentialPair],
        bundles: [String: TrustBundle], local: LocalAuthority?
    ) {
        self.configuration = configuration
        self.credentials = credentials
        self.bundles = bundles
        self.local = local
    }

    /// In the order listeners, upstreams, trust, built-in authority; each certificate of a chain on its own.
    /// - Parameters:
    ///   - issued: what the gateway issued to itself: its names with the certificate.
    ///   - acme: what ACME servers issued to it.
    package func lifetimes(issued: [Issued] = [], acme: [Issued] = []) -> [CertificateLifetime] {
        listeners(issued, acme) + upstreams() + trust() + builtin()
    }

    package typealias Issued = (names: [String], leaf: ParsedCertificate)

    private func listeners(_ issued: [Issued], _ acme: [Issued]) -> [CertificateLifetime] {
        configuration.listeners.flatMap { listener -> [CertificateLifetime] in
            guard case .tls(let tls) = listener.kind else { return [] }
            return (tls.certificates + tls.hosts.flatMap(\.certificates)).flatMap { certificate in
                switch certificate {
                case .files(let path, let key):
                    lifetimes(PresentedCertificate(certificate: path, key: key), .listener, listener.name)
                case .builtin(let names):
                    issued.filter { $0.names == names }.map {
                        CertificateLifetime(
                            $0.leaf, use: .listener, name: listener.name, source: CertificateLifetime.builtin,
                            renewsItself: true)
                    }
                case .acme(let settings):
                    acme.filter { $0.names == settings.names }.map {
                        CertificateLifetime(
                            $0.leaf, use: .listener, name: listener.name, source: settings.directory, renewsItself: true)
                    }
                }
            }
        }
    }

    private func upstreams() -> [CertificateLifetime] {
        configuration.upstreams.values.sorted { $0.name < $1.name }.flatMap { upstream in
            upstream.tls.present.map { lifetimes($0, .upstream, upstream.name) } ?? []
        }
    }

    private func lifetimes(
        _ place: PresentedCertificate, _ use: CertificateLifetime.Use, _ name: String
    ) -> [CertificateLifetime] {
        (credentials[place]?.chain ?? []).map {
            CertificateLifetime($0, use: use, name: name, source: place.certificate)
        }
    }

    private func trust() -> [CertificateLifetime] {
        bundles.sorted { $0.key < $1.key }.flatMap { name, bundle -> [CertificateLifetime] in
            guard case .file(let path)? = configuration.authorities[name]?.source else { return [] }
            return (bundle.anchors.map(\.certificate) + bundle.expired).map {
                CertificateLifetime($0, use: .trust, name: name, source: path)
            }
        }
    }

    private func builtin() -> [CertificateLifetime] {
        guard let local else { return [] }
        return ([local.root, local.intermediate] + local.formerRoots).map {
            CertificateLifetime(
                $0, use: .authority, name: Builtin.authority, source: CertificateLifetime.builtin)
        }
    }
}
