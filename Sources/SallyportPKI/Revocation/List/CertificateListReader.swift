import SallyportModel

/// Reads revocation lists (RFC 5280 section 5). Strict: what is not understood in full is not used.
package enum CertificateListReader {
    /// - Parameter der: one list and nothing behind it.
    /// - Throws: revocationListTooLarge, revocationListMalformed or revocationListUnsupported.
    package static func list(der: [UInt8], limits: RevocationLimits = .default) throws(RevocationFault) -> CertificateList {
        guard der.count <= limits.listBytes else {
            throw RevocationFault(
                .revocationListTooLarge, "it has \(der.count) bytes, \(limits.listBytes) are allowed")
        }
        do {
            return try read(der, limits)
        } catch let fault as RevocationFault {
            throw fault
        } catch {
            throw RevocationFault(.revocationListMalformed, "the DER encoding is damaged")
        }
    }

    private static func read(_ der: [UInt8], _ limits: RevocationLimits) throws -> CertificateList {
        var outer = DERScanner(der)
        let whole = try outer.next(tag: DERTag.sequence)
        guard outer.isAtEnd else { throw DERFailure() }
        var parts = outer.inside(whole)
        let signed = try parts.next(tag: DERTag.sequence)
        let algorithm = try parts.next(tag: DERTag.sequence)
        let signature = try parts.next(tag: DERTag.bitString)
        guard parts.isAtEnd else { throw DERFailure() }

        var fields = outer.inside(signed)
        guard fields.nextTag == DERTag.integer else {
            throw RevocationFault(
                .revocationListUnsupported, "it is version 1, which cannot say what it covers; have the authority write version 2 (crl_extensions)")
        }
        let version = try fields.next(tag: DERTag.integer)
        guard der[version.content].elementsEqual([1]) else { throw DERFailure() }
        guard fields.encoded(try fields.next(tag: DERTag.sequence)) == fields.encoded(algorithm) else {
            throw RevocationFault(
                .revocationListMalformed, "the signature algorithm inside is not the one outside")
        }
        let issuer = Array(fields.encoded(try fields.next(tag: DERTag.sequence)))
        _ = try RawDistinguishedName(der: issuer[...])
        let times = try times(&fields)
        let entries = try fields.nextIfPresent(tag: DERTag.sequence)
        let extensions = try ListExtensions(try fields.nextIfPresent(tag: 0xa0), in: fields)
        guard fields.isAtEnd else { throw DERFailure() }
        guard
            let proof = SignatureProof(
                algorithm: fields.encoded(algorithm), signed: fields.encoded(signed), signature: der[signature.content])
        else {
            throw RevocationFault(
                .revocationListUnsupported, "it is signed with an algorithm that is not allowed for certificates either")
        }
        let table =
            try entries.map { element in
                var reader = RevokedEntryReader(fields.inside(element), limits: limits)
                return try reader.read(isDelta: extensions.isDelta)
            }
        return CertificateList(
            issuer: issuer, thisUpdate: times.this, nextUpdate: times.next, number: extensions.number,
            baseNumber: extensions.baseNumber, issuerKeyIdentifier: extensions.issuerKeyIdentifier,
            scope: extensions.scope, entries: table ?? [:], proof: proof)
    }

    private static func times(_ fields: inout DERScanner) throws -> (this: Int64, next: Int64) {
        let first = try fields.next()
        let this = try CertificateTime.seconds(tag: first.tag, fields.content(first))
        guard let tag = fields.nextTag, tag == DERTag.utcTime || tag == DERTag.generalizedTime else {
            throw RevocationFault(
                .revocationListUnsupported, "it has no nextUpdate, so nothing says how long it may be used")
        }
        let second = try fields.next()
        let next = try CertificateTime.seconds(tag: second.tag, fields.content(second))
        guard this < next else {
            throw RevocationFault(.revocationListMalformed, "its nextUpdate is not after its thisUpdate")
        }
        return (this, next)
    }
}
