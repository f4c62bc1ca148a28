/// The parts of a certificate's encoding that comparisons need byte for byte (RFC 5280 section 4.1).
///
/// Read by hand because a decoded name or key no longer tells how it was written, and two writings of one name must
/// not pass for the same issuer.
struct CertificateEnvelope: Sendable {
    /// 1, 2 or 3.
    let version: Int
    /// Content of the INTEGER.
    let serial: [UInt8]
    let issuer: [UInt8]
    let subject: [UInt8]
    let publicKeyInfo: [UInt8]
    /// Seconds since 1970.
    let notBefore: Int64
    let notAfter: Int64
    /// Whether times up to 2049 are written as UTCTime and later ones as GeneralizedTime.
    let hasConformingTimes: Bool
    /// Whether the algorithm inside the signed part is the one outside.
    let signatureAlgorithmsAgree: Bool

    init(der: [UInt8]) throws(DERFailure) {
        var parts = try DERCursor.only(der[...], tag: DERTag.sequence).children
        var fields = try parts.next(tag: DERTag.sequence).children
        let outerAlgorithm = try parts.next(tag: DERTag.sequence)
        _ = try parts.next(tag: DERTag.bitString)
        guard parts.isAtEnd else { throw DERFailure() }

        version = try Self.version(fields.nextIfPresent(tag: 0xa0))
        serial = Array(try fields.next(tag: DERTag.integer).content)
        signatureAlgorithmsAgree = try fields.next(tag: DERTag.sequence).encoded == outerAlgorithm.encoded
        issuer = Array(try fields.next(tag: DERTag.sequence).encoded)
        var validity = try fields.next(tag: DERTag.sequence).children
        let times = (try validity.next(), try validity.next())
        guard validity.isAtEnd else { throw DERFailure() }
        notBefore = try CertificateTime.seconds(times.0)
        notAfter = try CertificateTime.seconds(times.1)
        hasConformingTimes =
            Self.isConforming(times.0, notBefore) && Self.isConforming(times.1, notAfter)
        subject = Array(try fields.next(tag: DERTag.sequence).encoded)
        publicKeyInfo = Array(try fields.next(tag: DERTag.sequence).encoded)
    }

    /// Upper-case hexadecimal without the octet that keeps the INTEGER positive.
    var serialText: String {
        Hexadecimal.text(serial.count > 1 && serial[0] == 0 ? serial.dropFirst() : serial[...])
    }

    var isSelfIssued: Bool { issuer == subject }

    private static func version(_ element: DERElement?) throws(DERFailure) -> Int {
        guard let element else { return 1 }
        let number = try DERCursor.only(element.content, tag: DERTag.integer).content
        guard number.count == 1, let value = number.first, value == 1 || value == 2 else { throw DERFailure() }
        return Int(value) + 1
    }

    /// RFC 5280 section 4.1.2.5: UTCTime through the year 2049.
    private static func isConforming(_ element: DERElement, _ seconds: Int64) -> Bool {
        let startOf2050: Int64 = 2_524_608_000
        return (element.tag == DERTag.utcTime) == (seconds < startOf2050)
    }
}
