import SallyportConfig
import SallyportPolicy

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
