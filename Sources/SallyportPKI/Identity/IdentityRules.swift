import SallyportConfig
import SallyportModel

/// The `identities` section, applied to a verified chain.
package struct IdentityRules: Sendable {
    let rules: [IdentityRule]

    package init(_ rules: [IdentityRule]) { self.rules = rules }

    /// The names that the certificate satisfies, in the order of the file; may be empty.
    package func names(for chain: VerifiedChain) -> [String] { [] }

    /// The identity of a verified chain; the only way to make one outside tests.
    package func identity(for chain: VerifiedChain) -> Identity {
        Identity(
            names: names(for: chain), certificate: chain.facts, authority: chain.authority,
            intermediates: chain.intermediates)
    }
}
