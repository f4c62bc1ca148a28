import SallyportConfig
import SallyportPKI

/// Reads the secrets and authorities that a trial needs, and no others.
package struct TrialMaterials: Sendable {
    private let authorities: [String: Authority]
    private let secrets: SecretReader
    private let state: StateDirectory
    /// Seconds since 1970.
    private let now: Int64

    package init(_ configuration: Configuration, secrets: SecretReader, state: StateDirectory, at now: Int64) {
        authorities = configuration.authorities
        self.secrets = secrets
        self.state = state
        self.now = now
    }

    func read(for source: TokenSource) throws -> TokenMaterials {
        var materials = TokenMaterials()
        if let secret = source.secret { materials.secrets[secret] = try secrets.read(secret) }
        guard !source.trust.isEmpty else { return materials }
        materials.trust[source.trust] = try source.trust.flatMap(anchors)
        return materials
    }

    private func anchors(_ name: String) throws -> [TrustAnchor] {
        switch authorities[name]?.source {
        case .file(let path): try TrustBundle(authority: name, path: path, at: now).anchors
        case .builtin, nil: try LocalAuthority.open(state, at: now).anchors
        }
    }
}
