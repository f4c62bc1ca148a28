import SallyportModel

/// Whether a list that was just read may take its place among those in use.
package enum ListAcceptance {
    /// - Parameters:
    ///   - list: freshly read.
    ///   - held: the lists in use from the same source.
    ///   - anchors: of the authority that the source is configured for.
    /// - Throws: revocationListForged when the list bears the name of an anchor whose key did not sign it;
    ///   revocationListOtherIssuer when there is no way in which the authority could have issued it;
    ///   revocationListOlder when a newer one is in use. A list of an intermediate is let pass: its signature is checked
    ///   when the intermediate is met on a path.
    package static func check(
        _ list: CertificateList, replacing held: [CertificateList], anchors: [TrustAnchor]
    ) throws(RevocationFault) {
        let named = anchors.filter { $0.certificate.envelope.subject == list.issuer }
        guard named.isEmpty || named.contains(where: { list.proof.isMade(by: $0.certificate.envelope.publicKeyInfo) })
        else {
            throw RevocationFault(.revocationListForged, "\(list.title) is not signed with the key of its issuer")
        }
        if let newer = held.first(where: { $0.isOfSameSeries(as: list) && list.isOlder(than: $0) }) {
            throw RevocationFault(
                .revocationListOlder,
                "\(list.title) of \(CertificateTime.text(list.thisUpdate)) comes after \(newer.numberText) of "
                    + CertificateTime.text(newer.thisUpdate))
        }
    }

    /// For `status`: nil when the list is in force.
    package static func staleness(of list: CertificateList, at now: Int64, maximumAge: Int64?) -> RevocationFault? {
        list.staleness(at: now, maximumAge: maximumAge).map { RevocationFault(.revocationListStale, "\(list.title): \($0)") }
    }
}
