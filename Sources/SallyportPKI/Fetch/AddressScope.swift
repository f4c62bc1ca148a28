/// How far an IP address reaches (RFC 6890). A redirect must not lead from a wider scope to a narrower one: a stranger
/// would borrow the gateway's place in the network.
package enum AddressScope: Int, Sendable, Comparable {
    /// This machine, or the link it is on: 127.0.0.0/8, 169.254.0.0/16, ::1, fe80::/10, and what is no unicast address.
    case local
    /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7.
    case site
    case global

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Text that is no address counts as the narrowest.
    package init(ofAddress text: String) {
        self = IPAddressText.bytes(text).map(Self.of) ?? .local
    }

    private static func of(_ bytes: [UInt8]) -> AddressScope {
        bytes.count == 4 ? ipv4(bytes[0], bytes[1]) : ipv6(bytes)
    }

    private static func ipv4(_ first: UInt8, _ second: UInt8) -> AddressScope {
        switch (first, second) {
        case (0, _), (127, _), (169, 254), (224..., _): .local
        case (10, _), (172, 16...31), (192, 168), (100, 64...127): .site
        default: .global
        }
    }

    /// Addresses that carry an IPv4 address (mapped, compatible, NAT64, 6to4) have its scope.
    private static func ipv6(_ bytes: [UInt8]) -> AddressScope {
        let zeros = bytes.prefix { $0 == 0 }.count
        if zeros == 10, bytes[10] == 0xff, bytes[11] == 0xff { return ipv4(bytes[12], bytes[13]) }
        if zeros >= 12 { return zeros >= 14 ? .local : ipv4(bytes[12], bytes[13]) }
        if bytes.starts(with: [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) { return ipv4(bytes[12], bytes[13]) }
        switch (bytes[0], bytes[1]) {
        case (0x20, 0x02): return ipv4(bytes[2], bytes[3])
        case (0xfe, 0x80...0xbf), (0xff, _): return .local
        case (0xfc...0xfd, _), (0xfe, 0xc0...): return .site
        default: return .global
        }
    }
}
