/// A distinguished name as text, from wherever it comes.
package enum DistinguishedNameText {
    /// RFC 4514 text, escaped; `#` and the bytes in hex where they are no name.
    package static func text(_ der: [UInt8]) -> String {
        do {
            return try RawDistinguishedName(der: der[...]).text
        } catch {
            return "#" + Hexadecimal.text(der)
        }
    }
}
