import SallyportModel
import X509

/// What X509-SVID demands of certificates that bear a SPIFFE ID, beyond how the ID is written.
extension PathChecks {
    /// Section 2: a workload's ID has a path. Section 4.3: whoever bears one signs neither certificates nor lists.
    func checkWorkloadIdentity(_ leaf: ParsedCertificate, _ facts: CertificateFacts) throws(ChainRefusal) {
        guard let identifier = facts.uris.first.flatMap(SPIFFEIdentifier.init) else { return }
        guard identifier.hasPath else {
            throw refusal(.certificateWorkloadIdentityInvalid, leaf, "has a SPIFFE ID without a path")
        }
        guard leaf.extensions.keyUsage?.cRLSign != true else {
            throw refusal(
                .certificateWorkloadIdentityInvalid, leaf, "has a SPIFFE ID and the key usage cRLSign")
        }
    }

    /// Section 2: the ID of an authority names its trust domain only. One that states its trust domain vouches for no
    /// other.
    func checkTrustDomain(_ link: PathLink) throws(ChainRefusal) {
        guard let identifier = try link.issuer.spiffeIdentifier() else { return }
        guard !identifier.hasPath else {
            throw refusal(
                .certificateWorkloadIdentityInvalid, link.issuer, "is an authority whose SPIFFE ID has a path")
        }
        guard let leaf = try link.path.first?.spiffeIdentifier(), leaf.trustDomain != identifier.trustDomain
        else { return }
        throw refusal(
            .certificateWorkloadIdentityInvalid, link.issuer,
            "is an authority of \(identifier.trustDomain) and vouches for \(leaf.trustDomain)")
    }
}

extension ParsedCertificate {
    /// Nil when it bears none.
    ///
    /// - Throws: when it bears a malformed one, or another URI beside it.
    func spiffeIdentifier() throws(ChainRefusal) -> SPIFFEIdentifier? {
        let uris = (extensions.alternativeNames ?? []).compactMap { name -> [UInt8]? in
            if case .uri(let bytes) = name { bytes } else { nil }
        }
        guard uris.contains(where: SPIFFEIdentifier.isMeant) else { return nil }
        guard uris.count == 1, let text = uris.first.flatMap(AlternativeName.uniformResourceIdentifier),
            let identifier = SPIFFEIdentifier(text)
        else {
            throw refusal(
                .certificateWorkloadIdentityInvalid, self, "has a SPIFFE ID that is malformed or not the only URI")
        }
        return identifier
    }
}
