import SallyportModel

/// The trust anchors of one authority, from a PEM bundle.
package struct TrustBundle: Sendable {
    package let anchors: [TrustAnchor]
    /// For the operator: an expired certificate among several, a duplicate.
    package let warnings: [String]

    /// - Throws: when nothing in the bundle can be trusted, or anything in it cannot be read.
    package init(authority: String, path: String, at now: Int64) throws(PKIError) {
        try self.init(
            authority: authority, text: FileContents.read(path, limit: PEMFile.maximumBytes), source: path, at: now)
    }

    package init(authority: String, text: [UInt8], source: String, at now: Int64) throws(PKIError) {
        var anchors: [TrustAnchor] = []
        var warnings: [String] = []
        for certificate in try PEMFile.certificates(in: text, source: source) {
            if anchors.contains(where: { $0.certificate.der == certificate.der }) {
                warnings.append("\(source): \(certificate.subject) stands twice")
            } else if now > certificate.notAfter {
                warnings.append(
                    "\(source): \(certificate.subject) is not trusted; it expired at "
                        + CertificateTime.text(certificate.notAfter)
                )
            } else {
                try Self.checkAuthority(certificate, source: source)
                anchors.append(TrustAnchor(authority: authority, certificate: certificate))
            }
        }
        guard !anchors.isEmpty else {
            throw PKIError(.certificateFileUnusable, source, "every certificate in it has expired")
        }
        self.anchors = anchors
        self.warnings = warnings
    }

    /// A root of version 1 has no extensions to say it with.
    private static func checkAuthority(_ certificate: ParsedCertificate, source: String) throws(PKIError) {
        guard certificate.isAuthority || certificate.envelope.version == 1 else {
            throw PKIError(
                .certificateFileUnusable, source,
                "\(certificate.subject) is not an authority (basicConstraints CA:TRUE is missing)")
        }
    }
}
