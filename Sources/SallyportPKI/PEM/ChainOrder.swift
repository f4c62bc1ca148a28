import SallyportModel

/// The certificates of a file in the order in which TLS sends them: each followed by the one that signed it.
struct ChainOrder {
    /// Leaf first.
    let chain: [ParsedCertificate]
    let findings: [CertificateFinding]

    /// - Parameters:
    ///   - certificates: the leaf first, the rest as they stand in the file.
    ///   - source: the file.
    init(_ certificates: [ParsedCertificate], source: String) {
        var findings: [CertificateFinding] = []
        func note(_ reason: Reason, _ certificate: ParsedCertificate, _ words: String) {
            let subject = PrintableText.make(certificate.subject, limit: 256)
            findings.append(CertificateFinding(reason: reason, source: source, detail: "\(subject) \(words)"))
        }
        var rest: [ParsedCertificate] = []
        for certificate in certificates.dropFirst() {
            if certificate.der == certificates.first?.der || rest.contains(where: { $0.der == certificate.der }) {
                note(.certificateTwice, certificate, "stands twice")
            } else {
                rest.append(certificate)
            }
        }
        var chain = Array(certificates.prefix(1))
        var isInOrder = true
        while let last = chain.last, let next = rest.firstIndex(where: { last.isIssued(by: $0) }) {
            if next != 0 { isInOrder = false }
            chain.append(rest.remove(at: next))
        }
        if !isInOrder, let leaf = chain.first { note(.certificateChainDisordered, leaf, "is sent with its chain in order") }
        for certificate in rest {
            note(.certificateChainDisordered, certificate, "is not sent: it belongs to no place in the chain")
        }
        self.chain = chain
        self.findings = findings
    }
}

extension ParsedCertificate {
    /// By name and by signature.
    fileprivate func isIssued(by issuer: ParsedCertificate) -> Bool {
        envelope.issuer == issuer.envelope.subject && !envelope.isSelfIssued && isSigned(by: issuer)
    }
}
