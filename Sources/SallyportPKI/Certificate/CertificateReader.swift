import SallyportModel

/// Turns a certificate into the facts that decisions rest on; whatever cannot be read refuses.
package enum CertificateReader {
    /// - Throws: when the certificate is not well-formed, or a name in it is not safe to compare.
    package static func facts(der: [UInt8]) throws(ChainRefusal) -> CertificateFacts {
        throw ChainRefusal(.certificateMalformed, "not implemented")
    }
}
