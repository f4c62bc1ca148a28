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
    /// The list of extensions, tag and length included; nil when there is none.
    let extensions: [UInt8]?
    /// Whether the algorithm inside the signed part is the one outside.
    let signatureAlgorithmsAgree: Bool
    /// AlgorithmIdentifier outside of the signed part.
    let signatureAlgorithm: ArraySlice<UInt8>
    /// The signed part, tag and length included.
    let signed: ArraySlice<UInt8>
    /// Octets of the signature.
    let signature: ArraySlice<UInt8>

    init(der: [UInt8]) throws(DERFailure) {
        var parts = try DERCursor.only(der[...], tag: DERTag.sequence).children
        let body = try parts.next(tag: DERTag.sequence)
        var fields = body.children
        signed = body.encoded
        let outerAlgorithm = try parts.next(tag: DERTag.sequence)
        signatureAlgorithm = outerAlgorithm.encoded
        signature = try Self.wholeOctets(parts.next(tag: DERTag.bitString))
        guard parts.isAtEnd else { throw DERFailure() }

        version = try Self.version(fields.nextIfPresent(tag: 0xa0))
        serial = try Self.shortest(fields.next(tag: DERTag.integer))
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
        extensions = try Self.extensions(fields.nextIfPresent(tag: 0xa3), version: version)
        // Unique identifiers, which RFC 5280 section 4.1.2.8 forbids, are not read over.
        guard fields.isAtEnd else { throw DERFailure() }
    }

    private static func wholeOctets(_ bits: DERElement) throws(DERFailure) -> ArraySlice<UInt8> {
        guard bits.content.first == 0 else { throw DERFailure() }
        return bits.content.dropFirst()
    }

    /// X.690 section 8.3.2: the first nine bits of an INTEGER are not all the same.
    private static func shortest(_ integer: DERElement) throws(DERFailure) -> [UInt8] {
        let content = Array(integer.content)
        guard let first = content.first else { throw DERFailure() }
        if content.count > 1, first == 0 && content[1] < 0x80 || first == 0xff && content[1] >= 0x80 {
            throw DERFailure()
        }
        return content
    }

    /// RFC 5280 section 4.1.2.9: in version 3 only, and at least one.
    private static func extensions(_ element: DERElement?, version: Int) throws(DERFailure) -> [UInt8]? {
        guard let element else { return nil }
        let list = try DERCursor.only(element.content, tag: DERTag.sequence)
        guard version == 3, !list.content.isEmpty else { throw DERFailure() }
        return Array(list.encoded)
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
