/// One decoded HTTP/2 field as a canonical `name: value` line, so that the one reader of field lines reads it, too.
///
/// What is checked here is what a line could not show any more: a colon, capital or control character in the name
/// (RFC 9113 §8.2.1), a line end or a blank at the edge of the value.
enum HTTP2FieldLine {
    /// Appends the line with its line end. Nothing is appended when it throws.
    static func append(name: String, value: String, to bytes: inout [UInt8]) throws(Malformation) {
        guard isName(name), isValue(value) else { throw .field }
        bytes.reserveCapacity(bytes.count + name.utf8.count + value.utf8.count + 4)
        bytes.append(contentsOf: name.utf8)
        bytes.append(": ")
        bytes.append(contentsOf: value.utf8)
        bytes.append("\r\n")
    }

    /// A token without capitals; so it is no pseudo-field either.
    static func isName(_ name: String) -> Bool {
        for byte in name.utf8 where !ByteSet.token.contains(byte) || byte &- 0x41 < 26 { return false }
        return !name.isEmpty
    }

    private static func isValue(_ value: String) -> Bool {
        var last: UInt8 = 0
        for byte in value.utf8 {
            if ASCII.isControl(byte) || (last == 0 && ASCII.isBlank(byte)) { return false }
            last = byte
        }
        return !ASCII.isBlank(last)
    }
}
