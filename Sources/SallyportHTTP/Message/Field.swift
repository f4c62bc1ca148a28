/// One field line of a head, as offsets into `bytes` of its head.
package struct Field: Sendable {
    let nameStart: UInt32
    let nameEnd: UInt32
    let valueStart: UInt32
    let valueEnd: UInt32
    package let known: KnownField
    /// Whether the line goes on to the next hop. False for what belongs to this connection only (RFC 9110 §7.6.1)
    /// and, in a request, for what a client could forge.
    package internal(set) var isForwarded: Bool

    package var nameRange: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    /// Without the white space around the value.
    package var valueRange: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}
