import SallyportModel

/// A certificate revocation list as it was read (RFC 5280 section 5). Its signature may not have been checked yet:
/// `SignedList` is a list that was.
package struct CertificateList: Sendable {
    /// Name of the issuer, DER.
    let issuer: [UInt8]
    /// Seconds since 1970.
    package let thisUpdate: Int64
    package let nextUpdate: Int64
    /// Content of the INTEGER, without leading zeros; empty when the list has no number.
    let number: [UInt8]
    /// Of the complete list that this one changes; nil for a complete list.
    let baseNumber: [UInt8]?
    /// keyIdentifier of the authorityKeyIdentifier.
    let issuerKeyIdentifier: [UInt8]?
    let scope: IssuingDistributionPoint
    let entries: [SerialNumber: RevokedEntry]
    let proof: SignatureProof

    package var count: Int { entries.count }
    package var isDelta: Bool { baseNumber != nil }
    /// RFC 4514 text, escaped.
    package var issuerText: String { RawDistinguishedName.text(der: issuer) }
    /// Upper-case hexadecimal.
    package var numberText: String { Hexadecimal.text(number) }

    /// Nil when it is in force; else why not. A clock may be behind by `tolerance`.
    func staleness(at now: Int64, maximumAge: Int64?) -> String? {
        guard thisUpdate <= now + Self.tolerance else {
            return "its thisUpdate \(CertificateTime.text(thisUpdate)) lies ahead"
        }
        let end = freshUntil(maximumAge: maximumAge)
        return now <= end ? nil : "it was good until \(CertificateTime.text(end)) only"
    }

    /// Seconds since 1970.
    func freshUntil(maximumAge: Int64?) -> Int64 {
        maximumAge.map { min(nextUpdate, thisUpdate.addingReportingOverflow($0).partialValue) } ?? nextUpdate
    }

    /// Seconds.
    static let tolerance: Int64 = 300

    /// For people: `list 1F of CN=Example`.
    package var title: String {
        "\(isDelta ? "delta list" : "list")\(number.isEmpty ? "" : " " + numberText) of \(PrintableText.make(issuerText, limit: 256))"
    }

    /// Whether the other list has the same issuer, key and scope, so that the newer of the two takes the other's place.
    func isOfSameSeries(as other: CertificateList) -> Bool {
        issuer == other.issuer && issuerKeyIdentifier == other.issuerKeyIdentifier && scope == other.scope
            && isDelta == other.isDelta
    }

    /// Numbers only grow (RFC 5280 section 5.2.3), so a lower one is an older list, whoever sends it.
    func isOlder(than other: CertificateList) -> Bool {
        number == other.number || number.isEmpty || other.number.isEmpty ? thisUpdate < other.thisUpdate : Self.isLess(number, other.number)
    }

    /// Compares INTEGER contents without leading zeros.
    static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }
}

extension RawDistinguishedName {
    /// RFC 4514 text of an encoded name, or its bytes in hexadecimal when it is none.
    static func text(der: [UInt8]) -> String {
        do {
            return try RawDistinguishedName(der: der[...]).text
        } catch {
            return "#" + Hexadecimal.text(der)
        }
    }
}
