import SallyportModel

/// The authorities that the operating system trusts.
package enum SystemTrust {
    /// Of Debian and Ubuntu, of Fedora and its kin, of Alpine and others.
    private static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ]

    /// What the anchors' authority is called.
    package static let authority = "(system)"

    /// Those of the first bundle that is there. Certificates that our rules do not allow as authorities, of which such
    /// a bundle has some, are left out.
    ///
    /// - Throws: when there is no bundle, or nothing in it can be trusted.
    package static func anchors(at now: Int64) throws(PKIError) -> [TrustAnchor] {
        var failure = PKIError(.trustMissing, bundles[0], "the operating system has no bundle of authorities")
        for path in bundles {
            do throws(PKIError) {
                let text = try FileContents.read(path, limit: PEMFile.maximumBytes)
                return try anchors(in: text, source: path, at: now)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    static func anchors(in text: [UInt8], source: String, at now: Int64) throws(PKIError) -> [TrustAnchor] {
        var anchors: [TrustAnchor] = []
        for block in try PEMBlock.parse(text, source: source) where block.label == PEMBlock.certificate {
            guard let certificate = readable(block.der), certificate.isAuthority, now <= certificate.notAfter else {
                continue
            }
            anchors.append(TrustAnchor(authority: authority, certificate: certificate))
        }
        guard !anchors.isEmpty else {
            throw PKIError(.certificateFileUnusable, source, "no certificate in it can be trusted")
        }
        return anchors
    }

    private static func readable(_ der: [UInt8]) -> ParsedCertificate? {
        do throws(ChainRefusal) { return try ParsedCertificate(der: der) } catch { return nil }
    }
}

extension TrustAnchor {
    /// The subject's encoding, as it is sent to clients.
    package var subjectDER: [UInt8] { certificate.envelope.subject }
}
