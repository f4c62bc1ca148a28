import Crypto
import SallyportModel

/// The last good answer of each URL, kept in the state directory so that a restart without a network knows it.
package struct StoredLists: Sendable {
    private let state: StateDirectory

    package init(_ state: StateDirectory) { self.state = state }

    /// Nil when there is none. It is read as strictly as if it came from the network.
    package func lists(url: String, limits: RevocationLimits = .default) throws(PKIError) -> [CertificateList]? {
        let path = path(url)
        guard FileContents.exists(path) else { return nil }
        return try CertificateListFile.lists(at: path, limits: limits)
    }

    /// - Parameter bytes: that were read and accepted.
    package func store(_ bytes: [UInt8], url: String) throws(PKIError) {
        try StateDirectory.writeAtomically(bytes, to: path(url), mode: 0o600)
    }

    private func path(_ url: String) -> String {
        state.revocationFile(Hexadecimal.text(SHA256.hash(data: Array(url.utf8))).lowercased() + ".crl")
    }
}
