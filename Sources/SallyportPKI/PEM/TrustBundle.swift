import SallyportModel

/// The trust anchors of one authority, from a PEM bundle.
package struct TrustBundle: Sendable {
    package let anchors: [TrustAnchor]
    /// Certificates in it that have expired and are not trusted.
    package let expired: [ParsedCertificate]
    /// For the operator: an expired certificate among several, a duplicate.
    package let findings: [CertificateFinding]

    package var warnings: [String] { findings.map(\.text) }

    /// - Throws: when nothing in the bundle can be trusted, or anything in it cannot be read.
    package init(authority: String, path: String, at now: Int64) throws(PKIError) {
        try self.init(
            authority: authority, text: FileContents.read(path, limit: PEMFile.maximumBytes), source: path, at: now)
    }

    package init(authority: String, text: [UInt8], source: String, at now: Int64) throws(PKIError) {
        var anchors: [TrustAnchor] = []
        var expired: [ParsedCertificate] = []
        var findings: [CertificateFinding] = []
        func note(_ reason: Reason, _ certificate: ParsedCertificate, _ words: String) {
            let subject = PrintableText.make(certificate.subject, limit: 256)
            findings.append(CertificateFinding(reason: reason, source: source, detail: "\(subject) \(words)"))
        }
        for certificate in try PEMFile.certificates(in: text, source: source) {
            let isKnown = anchors.contains { $0.certificate.der == certificate.der }
            if isKnown || expired.contains(where: { $0.der == certificate.der }) {
                note(.certificateTwice, certificate, "stands twice")
            } else if now > certificate.notAfter {
                let end = CertificateTime.text(certificate.notAfter)
                note(.bundleCertificateExpired, certificate, "is not trusted; it expired at \(end)")
                expired.append(certificate)
            } else {
                try Self.checkAuthority(certificate, source: source)
                anchors.append(TrustAnchor(authority: authority, certificate: certificate))
            }
        }
        guard !anchors.isEmpty else {
            throw PKIError(.certificateFileUnusable, source, "every certificate in it has expired")
        }
        self.anchors = anchors
        self.expired = expired
        self.findings = findings
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
