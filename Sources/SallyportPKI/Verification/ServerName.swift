/// The name that a server is asked for: a DNS name or an IP address, checked.
package struct ServerName: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Lower-case, without trailing dot.
        case dns(String)
        /// 4 or 16 bytes.
        case address([UInt8])
    }
    package let kind: Kind

    /// Nil when the text is neither; an address is taken for a name under no circumstances.
    package init?(_ text: String) {
        return nil
    }
}
