import SallyportModel

/// Reads revokedCertificates: for each one a serial number, a date and perhaps a reason (RFC 5280 section 5.3).
struct RevokedEntryReader {
    private var scanner: DERScanner
    private let limits: RevocationLimits

    /// No entry is shorter: SEQUENCE, INTEGER of one octet, UTCTime.
    private static let shortestEntry = 20
    /// Entry extensions that are passed over when they are not critical; reasonCode 21 is read, certificateIssuer 29
    /// makes an indirect list, which is refused.
    private static let identifierPrefix: [UInt8] = [85, 29]

    init(_ scanner: DERScanner, limits: RevocationLimits) {
        self.scanner = scanner
        self.limits = limits
    }

    mutating func read(isDelta: Bool) throws -> [SerialNumber: RevokedEntry] {
        guard !scanner.isAtEnd else { throw DERFailure() }
        var entries: [SerialNumber: RevokedEntry] = [:]
        entries.reserveCapacity(min((scanner.end - scanner.position) / Self.shortestEntry, limits.listEntries))
        var count = 0
        while !scanner.isAtEnd {
            count += 1
            guard count <= limits.listEntries else {
                throw RevocationFault(
                    .revocationListTooLarge, "it has more than \(limits.listEntries) entries")
            }
            var fields = scanner.inside(try scanner.next(tag: DERTag.sequence))
            let serial = try fields.next(tag: DERTag.integer)
            guard !serial.content.isEmpty else { throw DERFailure() }
            let time = try fields.next()
            let date = try CertificateTime.seconds(tag: time.tag, fields.content(time))
            let reason = fields.isAtEnd ? .unspecified : try reason(&fields)
            guard reason != .removeFromCRL || isDelta else { throw DERFailure() }
            guard let number = SerialNumber(fields.content(serial)) else { continue }
            guard entries.updateValue(RevokedEntry(date: date, reason: reason), forKey: number) == nil else {
                throw RevocationFault(
                    .revocationListMalformed, "the serial number \(number.text) stands twice")
            }
        }
        return entries
    }

    private func reason(_ fields: inout DERScanner) throws -> RevocationReason {
        var extensions = fields.inside(try fields.next(tag: DERTag.sequence))
        guard fields.isAtEnd, !extensions.isAtEnd else { throw DERFailure() }
        var reason: RevocationReason?
        while !extensions.isAtEnd {
            let one = try ListExtension(extensions.next(tag: DERTag.sequence), in: extensions)
            let last = one.identifier.count == 3 && one.identifier.starts(with: Self.identifierPrefix) ? one.identifier.last : nil
            switch last {
            case 21:
                guard reason == nil else { throw DERFailure() }
                reason = try Self.reasonCode(one.value)
            case 29:
                throw RevocationFault(.revocationListUnsupported, "it is an indirect list: it speaks for other issuers")
            default:
                guard !one.isCritical else { throw one.unknownCritical(of: "an entry") }
            }
        }
        return reason ?? .unspecified
    }

    private static func reasonCode(_ der: ArraySlice<UInt8>) throws -> RevocationReason {
        let content = try DERCursor.only(der, tag: DERTag.enumerated).content
        guard content.count == 1, let value = content.first, let reason = RevocationReason(rawValue: value)
        else { throw DERFailure() }
        return reason
    }
}
