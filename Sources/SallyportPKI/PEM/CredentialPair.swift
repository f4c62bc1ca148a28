import SallyportModel

/// A certificate chain and the key of its leaf, proved to belong together.
package struct CredentialPair: Sendable {
    /// Leaf first.
    package let chain: [ParsedCertificate]
    package let key: PrivateKey
    /// What to tell the operator though it can be used: about to expire, out of order.
    package let warnings: [String]

    package init(chain: [ParsedCertificate], key: PrivateKey, source: String, at now: Int64) throws(PKIError) {
        throw PKIError(.privateKeyMismatch, source, "not implemented")
    }
}
