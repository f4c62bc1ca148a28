import SallyportModel

/// One extension of a list, an entry or a response: identifier, criticality and value as they stand.
struct ListExtension {
    /// Content of the OBJECT IDENTIFIER.
    let identifier: ArraySlice<UInt8>
    let isCritical: Bool
    /// Content of the OCTET STRING.
    let value: ArraySlice<UInt8>

    init(_ element: DERScanner.Element, in scanner: DERScanner) throws(DERFailure) {
        var fields = scanner.inside(element)
        identifier = fields.content(try fields.next(tag: DERTag.objectIdentifier))
        let flag = try fields.nextIfPresent(tag: DERTag.boolean)
        if let flag, !fields.content(flag).elementsEqual([0xff]) { throw DERFailure() }
        isCritical = flag != nil
        value = fields.content(try fields.next(tag: DERTag.octetString))
        guard fields.isAtEnd else { throw DERFailure() }
    }

    func unknownCritical(of what: String) -> RevocationFault {
        RevocationFault(
            .revocationListUnsupported,
            "\(what) has the critical extension \(Hexadecimal.text(identifier.prefix(16))), which is not understood")
    }
}

/// What the extensions of a revocation list say (RFC 5280 section 5.2).
struct ListExtensions {
    /// Empty when there is none.
    private(set) var number: [UInt8] = []
    private(set) var baseNumber: [UInt8]?
    private(set) var issuerKeyIdentifier: [UInt8]?
    private(set) var scope = IssuingDistributionPoint.everything

    var isDelta: Bool { baseNumber != nil }

    private static let maximumCount = 32

    /// - Parameter element: the explicitly tagged Extensions, if there are any.
    init(_ element: DERScanner.Element?, in scanner: DERScanner) throws {
        guard let element else { return }
        var outer = scanner.inside(element)
        var extensions = outer.inside(try outer.next(tag: DERTag.sequence))
        guard outer.isAtEnd, !extensions.isAtEnd else { throw DERFailure() }
        var seen: Set<[UInt8]> = []
        while !extensions.isAtEnd {
            let one = try ListExtension(extensions.next(tag: DERTag.sequence), in: extensions)
            guard seen.count < Self.maximumCount, seen.insert(Array(one.identifier)).inserted else { throw DERFailure() }
            try take(one)
        }
        guard !isDelta || !number.isEmpty else {
            throw RevocationFault(.revocationListUnsupported, "it is a delta list without a number of its own")
        }
        guard !scope.isIndirect, !scope.onlyAttributes else {
            throw RevocationFault(
                .revocationListUnsupported, "it speaks for other issuers or for attribute certificates only")
        }
    }

    private mutating func take(_ one: ListExtension) throws {
        switch Array(one.identifier) {
        case [85, 29, 20]: number = try Self.number(one.value)
        case [85, 29, 27]: baseNumber = try Self.number(one.value)
        case [85, 29, 28]: scope = try IssuingDistributionPoint(der: one.value)
        case [85, 29, 35]: issuerKeyIdentifier = try Self.keyIdentifier(one.value)
        default:
            guard !one.isCritical else { throw one.unknownCritical(of: "it") }
        }
    }

    /// At most 20 octets, not negative; without leading zeros, so zero is a single one.
    private static func number(_ der: ArraySlice<UInt8>) throws -> [UInt8] {
        let content = try DERCursor.only(der, tag: DERTag.integer).content
        guard let first = content.first, first & 0x80 == 0 else { throw DERFailure() }
        let value = content.drop { $0 == 0 }
        guard value.count <= 20 else { throw DERFailure() }
        return value.isEmpty ? [0] : Array(value)
    }

    private static func keyIdentifier(_ der: ArraySlice<UInt8>) throws -> [UInt8]? {
        var fields = try DERCursor.only(der, tag: DERTag.sequence).children
        return try fields.nextIfPresent(tag: 0x80).map { Array($0.content) }
    }
}
