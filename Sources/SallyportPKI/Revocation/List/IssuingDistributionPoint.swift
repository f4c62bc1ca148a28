/// What a revocation list covers (RFC 5280 section 5.2.5); without one: everything of its issuer.
struct IssuingDistributionPoint: Sendable, Hashable {
    /// GeneralNames as they are encoded; empty when the list has no name of its own.
    private(set) var names: [[UInt8]] = []
    private(set) var onlyUserCertificates = false
    private(set) var onlyAuthorities = false
    private(set) var onlyAttributes = false
    private(set) var onlySomeReasons = false
    private(set) var isIndirect = false

    static let everything = IssuingDistributionPoint()

    private init() {}

    /// - Parameter der: the SEQUENCE.
    init(der: ArraySlice<UInt8>) throws(DERFailure) {
        var fields = try DERCursor.only(der, tag: DERTag.sequence).children
        guard !fields.isAtEnd else { throw DERFailure() }
        if let point = try fields.nextIfPresent(tag: 0xa0) { names = try Self.fullName(point.content) }
        onlyUserCertificates = try Self.flag(fields.nextIfPresent(tag: 0x81))
        onlyAuthorities = try Self.flag(fields.nextIfPresent(tag: 0x82))
        onlySomeReasons = try fields.nextIfPresent(tag: 0x83) != nil
        isIndirect = try Self.flag(fields.nextIfPresent(tag: 0x84))
        onlyAttributes = try Self.flag(fields.nextIfPresent(tag: 0x85))
        guard fields.isAtEnd else { throw DERFailure() }
    }

    /// Whether the list says anything about a certificate.
    /// - Parameter points: GeneralNames of the certificate's cRLDistributionPoints, as they are encoded.
    func covers(isAuthority: Bool, points: [[UInt8]]) -> Bool {
        guard !onlyAttributes, !isIndirect, !(onlyUserCertificates && isAuthority), !(onlyAuthorities && !isAuthority)
        else { return false }
        return names.isEmpty || names.contains { points.contains($0) }
    }

    /// The names of a DistributionPointName. A name relative to the issuer is refused: nobody uses it.
    static func fullName(_ der: ArraySlice<UInt8>) throws(DERFailure) -> [[UInt8]] {
        var members = try DERCursor.only(der, tag: 0xa0).children
        var names: [[UInt8]] = []
        while !members.isAtEnd { names.append(Array(try members.next().encoded)) }
        guard !names.isEmpty else { throw DERFailure() }
        return names
    }

    private static func flag(_ element: DERElement?) throws(DERFailure) -> Bool {
        guard let element else { return false }
        // DEFAULT FALSE is not written in DER.
        guard element.content.elementsEqual([0xff]) else { throw DERFailure() }
        return true
    }
}
