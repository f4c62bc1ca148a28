import SallyportModel

/// The trust anchors of one authority, from a PEM bundle.
package struct TrustBundle: Sendable {
    package let anchors: [TrustAnchor]
    /// For the operator: an expired certificate among several, a duplicate.
    package let warnings: [String]

    /// - Throws: when nothing in the bundle can be trusted, or anything in it cannot be read.
    package init(authority: String, path: String, at now: Int64) throws(PKIError) {
        throw PKIError(.certificateFileUnreadable, path, "not implemented")
    }
}
