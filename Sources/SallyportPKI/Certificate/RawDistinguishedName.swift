/// A distinguished name read from its DER encoding, attribute by attribute.
///
/// Works on the bytes: a decoder that replaces what is not UTF-8 would make two different names equal.
struct RawDistinguishedName: Sendable, Hashable {
    struct Attribute: Sendable, Hashable {
        /// Content of the OBJECT IDENTIFIER.
        let type: [UInt8]
        let tag: UInt8
        let value: [UInt8]
    }
    /// In the order of the encoding: least significant last, as in `C=…, O=…, CN=…`.
    let relativeNames: [[Attribute]]

    /// - Parameter der: the SEQUENCE.
    init(der: ArraySlice<UInt8>) throws(DERFailure) {
        var sets = try DERCursor.only(der, tag: DERTag.sequence).children
        var relativeNames: [[Attribute]] = []
        while !sets.isAtEnd { relativeNames.append(try Self.relativeName(try sets.next(tag: DERTag.set))) }
        self.relativeNames = relativeNames
    }

    var attributes: some Sequence<Attribute> { relativeNames.joined() }
    var isEmpty: Bool { relativeNames.isEmpty }

    private static func relativeName(_ set: DERElement) throws(DERFailure) -> [Attribute] {
        var members = set.children
        var attributes: [Attribute] = []
        while !members.isAtEnd {
            var fields = try members.next(tag: DERTag.sequence).children
            let type = try fields.next(tag: DERTag.objectIdentifier)
            let value = try fields.next()
            guard fields.isAtEnd else { throw DERFailure() }
            attributes.append(Attribute(type: Array(type.content), tag: value.tag, value: Array(value.content)))
        }
        guard !attributes.isEmpty else { throw DERFailure() }
        return attributes
    }
}

extension RawDistinguishedName {
    /// RFC 4514 text: most significant attribute first, as in `CN=alice,O=Example`.
    var text: String {
        relativeNames.reversed()
            .map { $0.map(\.text).joined(separator: "+") }
            .joined(separator: ",")
    }
}

extension RawDistinguishedName.Attribute {
    static let commonName: [UInt8] = [85, 4, 3]
    static let organization: [UInt8] = [85, 4, 10]
    static let organizationalUnit: [UInt8] = [85, 4, 11]
    static let emailAddress: [UInt8] = [42, 134, 72, 134, 247, 13, 1, 9, 1]

    /// Attribute types with a short name. All others are written as a dotted number with their value in hexadecimal.
    private static let shortNames: [[UInt8]: String] = [
        commonName: "CN", organization: "O", organizationalUnit: "OU", emailAddress: "emailAddress",
        [85, 4, 6]: "C", [85, 4, 7]: "L", [85, 4, 8]: "ST", [85, 4, 9]: "STREET", [85, 4, 5]: "serialNumber",
        [9, 146, 38, 137, 147, 242, 44, 100, 1, 25]: "DC", [9, 146, 38, 137, 147, 242, 44, 100, 1, 1]: "UID",
    ]

    var isText: Bool {
        tag == DERTag.utf8String || tag == DERTag.printableString || tag == DERTag.ia5String
    }

    /// The value as text that can be compared byte for byte; nil when it is no valid text or holds a control character.
    var safeText: String? {
        guard isText, let text = String(validating: value, as: UTF8.self),
            tag == DERTag.utf8String || value.allSatisfy({ $0 < 0x80 }),
            !text.unicodeScalars.contains(where: \.isUnsafeInNames)
        else { return nil }
        return text
    }

    fileprivate var text: String {
        guard let name = Self.shortNames[type], isText else {
            return "\(Self.shortNames[type] ?? dottedType)=#\(Hexadecimal.text(DERWriter.element(tag, value)))"
        }
        return "\(name)=\(escapedValue)"
    }

    /// RFC 4514 section 2.4; in addition everything that is not visible text is escaped.
    private var escapedValue: String {
        guard let text = String(validating: value, as: UTF8.self) else { return escapedBytes }
        var escaped = ""
        let last = text.unicodeScalars.count - 1
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let atEdge = scalar == " " && (index == 0 || index == last) || scalar == "#" && index == 0
            if scalar.isUnsafeInNames {
                escaped += String(scalar).utf8.map { "\\" + Hexadecimal.text([$0]) }.joined()
            } else if atEdge || ",+\"\\<>;".unicodeScalars.contains(scalar) {
                escaped += "\\\(scalar)"
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private var escapedBytes: String {
        value.map { byte in
            let isPlain = byte.isASCIILetterOrDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            return isPlain ? String(UnicodeScalar(byte)) : "\\" + Hexadecimal.text([byte])
        }.joined()
    }

    private var dottedType: String {
        var arcs: [UInt64] = []
        var arc: UInt64 = 0
        for byte in type {
            guard arc < UInt64.max >> 8 else { return "?" }
            arc = arc << 7 | UInt64(byte & 0x7f)
            guard byte & 0x80 == 0 else { continue }
            arcs.append(arc)
            arc = 0
        }
        guard let first = arcs.first else { return "?" }
        let root = min(first / 40, 2)
        return ([root, first - root * 40] + arcs.dropFirst()).map(String.init).joined(separator: ".")
    }
}

extension Unicode.Scalar {
    /// Control, format, separator, private-use and unassigned characters: they hide or reorder text in a terminal.
    var isUnsafeInNames: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isASCIILetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
    var isASCIILetterOrDigit: Bool { isASCIIDigit || isASCIILetter }
    var asciiLowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
