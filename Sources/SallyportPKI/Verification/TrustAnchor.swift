import SallyportModel

/// A certificate that is trusted because the operator says so, and the name of the authority it stands for.
package struct TrustAnchor: Sendable {
    /// A key of `Configuration.authorities`, or `Builtin.authority`.
    package let authority: String
    package let certificate: ParsedCertificate

    package init(authority: String, certificate: ParsedCertificate) {
        self.authority = authority
        self.certificate = certificate
    }
}
