import SallyportConfig

/// Networks in a form that is asked for each request: no allocation, one comparison a network.
struct AddressSet: Sendable {
    /// IPv4 networks stand where IPv6 maps them, `::ffff:0:0/96` (RFC 4291 §2.5.5.2).
    private let networks: [(start: UInt128, mask: UInt128)]

    init(_ ranges: [AddressRange]) {
        networks = ranges.map { range in
            let prefix = range.bytes.count == 4 ? range.prefix + 96 : range.prefix
            let mask = prefix == 0 ? 0 : UInt128.max << UInt128(128 - prefix)
            return (ClientAddress(bytes: range.bytes).value & mask, mask)
        }
    }

    func contains(_ address: ClientAddress) -> Bool {
        for network in networks where address.value & network.mask == network.start { return true }
        return false
    }
}

/// A client's address as one number, IPv4 as IPv6 maps it.
package struct ClientAddress: Sendable, Hashable {
    let value: UInt128

    /// - Parameter bytes: 4 or 16 in network order; anything else is no address, and equal to `::`.
    package init(bytes: [UInt8]) {
        var value: UInt128 = bytes.count == 4 ? 0xffff : 0
        if bytes.count == 4 || bytes.count == 16 {
            for byte in bytes { value = value << 8 | UInt128(byte) }
        }
        self.value = Self.unwrapped(value)
    }

    /// An IPv4 address behind a translator is that address (RFC 6052 §2.1).
    private static func unwrapped(_ value: UInt128) -> UInt128 {
        value >> 32 == 0x64_ff9b_0000_0000_0000_0000 ? 0xffff_0000_0000 | value & 0xffff_ffff : value
    }
}
