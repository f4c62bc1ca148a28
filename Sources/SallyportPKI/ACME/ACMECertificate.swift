import SallyportModel

/// What an ACME server issued, on its way to being believed (RFC 8555 §7.4.2).
enum ACMECertificate {
    static let mostBytes = 256 << 10
    private static let longestChain = 10

    /// The chain with its key.
    ///
    /// - Throws: acmeCertificateRefused when it is damaged, for another key, out of date, or lacks one of the names.
    static func check(
        _ body: [UInt8], _ key: PrivateKey, _ names: [String], at now: Int64
    ) throws(ACMEFailure) -> CredentialPair {
        let credential: CredentialPair
        do throws(PKIError) {
            let chain = try PEMFile.certificates(in: body, source: "the answer")
            guard chain.count <= longestChain else {
                throw PKIError(.certificateFileUnusable, "the answer", "\(chain.count) certificates; \(longestChain) are allowed")
            }
            credential = try CredentialPair(chain: chain, key: key, source: "the answer", at: now)
        } catch {
            throw ACMEFailure(.acmeCertificateRefused, "\(error.subject): \(error.detail)")
        }
        guard let leaf = credential.chain.first else { throw ACMEFailure(.acmeCertificateRefused, "the chain is empty") }
        guard leaf.notBefore <= now else {
            throw ACMEFailure(.acmeCertificateRefused, "it is valid only from \(CertificateTime.text(leaf.notBefore))")
        }
        let borne = Set(leaf.dnsNames)
        let missing = names.filter { !borne.contains($0) }
        guard missing.isEmpty else {
            throw ACMEFailure(.acmeCertificateRefused, "it lacks \(missing.joined(separator: ", "))", names: missing)
        }
        return credential
    }
}

extension ParsedCertificate {
    /// The DNS names of subjectAltName, in lower case.
    var dnsNames: [String] {
        (extensions.alternativeNames ?? []).compactMap { name in
            if case .dns(let text) = name { String(decoding: text, as: UTF8.self).lowercased() } else { nil }
        }
    }
}
