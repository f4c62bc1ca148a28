import SallyportConfig
import SallyportModel

/// Reads what a configuration names as the gateway would, and says everything that is wrong with it at once.
package struct ConfiguredCertificates: Sendable {
    package private(set) var diagnostics: [Diagnostic] = []
    package private(set) var credentials: [PresentedCertificate: CredentialPair] = [:]
    package private(set) var bundles: [String: TrustBundle] = [:]
    private let secrets: SecretReader
    private let now: Int64

    /// - Parameter now: seconds since 1970.
    package init(_ configuration: Configuration, secrets: SecretReader, at now: Int64) {
        self.secrets = secrets
        self.now = now
        for listener in configuration.listeners {
            guard case .tls(let tls) = listener.kind else { continue }
            for case .files(let path, let key) in tls.certificates + tls.hosts.flatMap(\.certificates) {
                read(PresentedCertificate(certificate: path, key: key), for: "listeners.\(listener.name).tls")
            }
        }
        for upstream in configuration.upstreams.values.sorted(by: { $0.name < $1.name }) {
            guard let present = upstream.tls.present else { continue }
            read(present, for: "upstreams.\(upstream.name).tls.present")
        }
        for authority in configuration.authorities.values.sorted(by: { $0.name < $1.name }) {
            guard case .file(let path) = authority.source else { continue }
            readBundle(authority.name, path)
        }
    }

    private mutating func read(_ place: PresentedCertificate, for keyPath: String) {
        guard credentials[place] == nil else { return }
        do {
            let secret = try secrets.read(place.key)
            let pair = try CredentialPair(
                chain: PEMFile.certificates(at: place.certificate),
                key: PEMFile.privateKey(in: secret, source: "key of \(place.certificate)"), source: place.certificate,
                at: now)
            credentials[place] = pair
            diagnostics += pair.findings.map { Self.warning($0, keyPath) }
        } catch let error as PKIError {
            diagnostics.append(Self.error(error, keyPath))
        } catch let error as SecretError {
            diagnostics.append(Diagnostic(.fileUnreadable, error.words, keyPath: keyPath))
        } catch {
            diagnostics.append(Diagnostic(.internalError, "\(error)", keyPath: keyPath))
        }
    }

    private mutating func readBundle(_ name: String, _ path: String) {
        let keyPath = "pki.authorities.\(name).file"
        do throws(PKIError) {
            let bundle = try TrustBundle(authority: name, path: path, at: now)
            bundles[name] = bundle
            diagnostics += bundle.findings.map { Self.warning($0, keyPath) }
        } catch {
            diagnostics.append(Self.error(error, keyPath))
        }
    }

    private static func warning(_ finding: CertificateFinding, _ keyPath: String) -> Diagnostic {
        Diagnostic(
            finding.reason, finding.text, severity: .warning, help: ["\(finding.reason.fix)"], keyPath: keyPath)
    }

    private static func error(_ error: PKIError, _ keyPath: String) -> Diagnostic {
        Diagnostic(error.reason, "\(error.subject): \(error.detail)", help: ["\(error.reason.fix)"], keyPath: keyPath)
    }
}
