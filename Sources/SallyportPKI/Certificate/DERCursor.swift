/// One tag, length and value of DER, as views into the bytes it was read from.
struct DERElement {
    let tag: UInt8
    let content: ArraySlice<UInt8>
    /// Tag and length included.
    let encoded: ArraySlice<UInt8>

    var children: DERCursor { DERCursor(content) }
}

/// Bytes that are not DER.
struct DERFailure: Error {}

/// Walks over the elements of a DER value without building a tree (X.690 section 10).
///
/// Reads what certificates are made of: one-byte tags, definite lengths in their shortest form. Whatever else stands
/// there is a failure, so two readers of the same bytes cannot disagree.
struct DERCursor {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }
    var nextTag: UInt8? { rest.first }

    mutating func next() throws(DERFailure) -> DERElement {
        let start = rest.startIndex
        guard rest.count >= 2, rest[start] & 0x1f != 0x1f else { throw DERFailure() }
        let (length, headerLength) = try Self.length(of: rest)
        guard length <= rest.count - headerLength else { throw DERFailure() }
        let end = start + headerLength + length
        let element = DERElement(
            tag: rest[start], content: rest[(start + headerLength)..<end], encoded: rest[start..<end])
        rest = rest[end...]
        return element
    }

    mutating func next(tag: UInt8) throws(DERFailure) -> DERElement {
        let element = try next()
        guard element.tag == tag else { throw DERFailure() }
        return element
    }

    mutating func nextIfPresent(tag: UInt8) throws(DERFailure) -> DERElement? {
        nextTag == tag ? try next() : nil
    }

    /// The only element of `bytes`.
    static func only(_ bytes: ArraySlice<UInt8>, tag: UInt8) throws(DERFailure) -> DERElement {
        var cursor = DERCursor(bytes)
        let element = try cursor.next(tag: tag)
        guard cursor.isAtEnd else { throw DERFailure() }
        return element
    }

    private static func length(of bytes: ArraySlice<UInt8>) throws(DERFailure) -> (Int, header: Int) {
        let first = bytes[bytes.startIndex + 1]
        guard first & 0x80 != 0 else { return (Int(first), 2) }
        let count = Int(first & 0x7f)
        guard (1...3).contains(count), bytes.count >= 2 + count else { throw DERFailure() }
        let value = bytes.dropFirst(2).prefix(count).reduce(0) { $0 << 8 | Int($1) }
        guard value >= 0x80, value >> (8 * (count - 1)) != 0 else { throw DERFailure() }
        return (value, 2 + count)
    }
}

/// The tags that certificates use.
enum DERTag {
    static let boolean: UInt8 = 0x01
    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let octetString: UInt8 = 0x04
    static let objectIdentifier: UInt8 = 0x06
    static let enumerated: UInt8 = 0x0a
    static let utf8String: UInt8 = 0x0c
    static let printableString: UInt8 = 0x13
    static let ia5String: UInt8 = 0x16
    static let utcTime: UInt8 = 0x17
    static let generalizedTime: UInt8 = 0x18
    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31
}
