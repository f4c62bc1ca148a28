/// Looking up fields in a head. Linear, over at most `HTTPLimits.headerCount` fields.
package protocol HeadFields {
    var bytes: [UInt8] { get }
    var fields: [Field] { get }
}

extension HeadFields {
    package func firstField(_ known: KnownField) -> Field? { fields.first { $0.known == known } }

    /// The value as text of the first field of this kind; what is not UTF-8 is replaced.
    package func value(of known: KnownField) -> String? {
        firstField(known).map { String(decoding: bytes[$0.valueRange], as: UTF8.self) }
    }

    /// All values of the fields with this name, in order.
    /// - Parameter name: lower-case ASCII.
    package func values(of name: String) -> [String] {
        fields(named: name).map { String(decoding: bytes[$0.valueRange], as: UTF8.self) }
    }

    /// All fields with this name, in order.
    /// - Parameter name: lower-case ASCII bytes.
    package func fields(named name: some Collection<UInt8>) -> [Field] {
        fields.filter { isName($0, name) }
    }

    /// All fields with this name, in order.
    /// - Parameter name: lower-case ASCII.
    package func fields(named name: String) -> [Field] { fields(named: name.utf8) }

    /// Whether there is exactly one field of this name, its value is exactly this, and it goes on to the next hop. For
    /// routing: a name that comes twice matches nothing, since the next hop might look at the other one, and neither
    /// does one that the next hop will not see, such as a field nominated by Connection.
    /// - Parameter name: lower-case ASCII bytes.
    package func hasSingle(_ name: [UInt8], equalTo value: [UInt8]) -> Bool {
        var found: Field?
        for field in fields where isName(field, name) {
            guard found == nil else { return false }
            found = field
        }
        guard let found, found.isForwarded else { return false }
        return bytes[found.valueRange].elementsEqual(value)
    }

    /// The fields, of which those with these names stay here.
    /// - Parameter names: lower-case ASCII.
    func withholding(_ names: [String]) -> [Field] {
        var fields = self.fields
        for name in names {
            for index in fields.indices where isName(fields[index], name.utf8) { fields[index].isForwarded = false }
        }
        return fields
    }

    func isName(_ field: Field, _ name: some Collection<UInt8>) -> Bool {
        guard field.nameRange.count == name.count else { return false }
        var position = field.nameRange.lowerBound
        for byte in name {
            guard ASCII.lowercase(bytes[position]) == byte else { return false }
            position += 1
        }
        return true
    }
}
