import SallyportHTTP

extension RequestHead {
    /// The field of this name. It is ambiguous when it comes twice, since the upstream might look at the other one, and
    /// when the upstream will not see it, such as a field nominated by Connection.
    /// - Parameter name: lower-case.
    func singleField(_ name: [UInt8]) -> FactValue {
        var found: Field?
        for field in fields where isField(field, name) {
            guard found == nil, field.isForwarded else { return .ambiguous }
            found = field
        }
        return found.map { .text(.bytes(bytes[$0.valueRange])) } ?? .absent
    }

    private func isField(_ field: Field, _ name: [UInt8]) -> Bool {
        let range = field.nameRange
        guard range.count == name.count else { return false }
        for index in name.indices where lowercase(bytes[range.lowerBound + index]) != name[index] { return false }
        return true
    }

    private func lowercase(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// The parameter of this name (application/x-www-form-urlencoded, WHATWG URL section 5). It is ambiguous when it
    /// comes twice, and everything is when the query can be read in two ways: with a `;`, which some servers split at,
    /// or with an escape that is none.
    func queryParameter(_ name: [UInt8]) -> FactValue {
        guard let query else { return .absent }
        let text = bytes[query]
        guard !text.contains(UInt8(ascii: ";")) else { return .ambiguous }
        var found: FactValue = .absent
        for pair in QueryPairs(text) {
            guard let ownName = Self.decode(pair.name), let value = Self.decode(pair.value) else { return .ambiguous }
            guard ownName.elementsEqual(name) else { continue }
            guard case .absent = found else { return .ambiguous }
            found = .text(.bytes(value))
        }
        return found
    }

    /// Nil when an escape is not two hexadecimal digits. What has no escape is not copied.
    private static func decode(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return text }
        var decoded: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        return decoded[...]
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

/// The pairs of a query between its ampersands, undecoded; an empty one is none.
private struct QueryPairs: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    init(_ query: ArraySlice<UInt8>) { rest = query }

    mutating func next() -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
        rest = rest.drop { $0 == UInt8(ascii: "&") }
        guard !rest.isEmpty else { return nil }
        let pair = rest.prefix { $0 != UInt8(ascii: "&") }
        rest = rest[pair.endIndex...]
        let name = pair.prefix { $0 != UInt8(ascii: "=") }
        return (name, pair[name.endIndex...].dropFirst())
    }
}
