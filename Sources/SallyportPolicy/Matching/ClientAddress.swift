#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A client's address as one number. IPv4 stands where IPv6 maps it, `::ffff:0:0/96` (RFC 4291 section 2.5.5.2), so that
/// no rule is evaded by the way a socket was opened.
package struct ClientAddress: Sendable, Hashable {
    package let value: UInt128

    package var isIPv4: Bool { value >> 32 == 0xffff }

    /// - Parameter bytes: 4 or 16 in network order; anything else is no address, and equal to `::`.
    package init(bytes: [UInt8]) {
        var value: UInt128 = bytes.count == 4 ? 0xffff : 0
        if bytes.count == 4 || bytes.count == 16 {
            for byte in bytes { value = value << 8 | UInt128(byte) }
        }
        self.value = Self.unwrapped(value)
    }

    /// Whom limits count: the four bytes of an IPv4 address, or the /64 of an IPv6 address, because whoever has one
    /// address of a /64 has all of them (RFC 4291 section 2.5.4).
    package var counted: [UInt8] {
        let isVersion4 = value >> 32 == 0xffff
        let number = UInt64(truncatingIfNeeded: isVersion4 ? value << 32 : value >> 64)
        return (0..<(isVersion4 ? 4 : 8)).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }

    /// An IPv4 address behind a translator is that address (RFC 6052 section 2.1).
    private static func unwrapped(_ value: UInt128) -> UInt128 {
        value >> 32 == 0x64_ff9b_0000_0000_0000_0000 ? 0xffff_0000_0000 | value & 0xffff_ffff : value
    }

    /// - Parameter text: as inet_pton(3) reads it, without brackets and zone; nil for anything else.
    package init?(_ text: String) {
        guard text.utf8.count <= 45, text.utf8.allSatisfy(Self.mayStand) else { return nil }
        var short = in_addr()
        if inet_pton(AF_INET, text, &short) == 1 {
            self.init(bytes: withUnsafeBytes(of: &short) { Array($0) })
            return
        }
        var long = in6_addr()
        guard inet_pton(AF_INET6, text, &long) == 1 else { return nil }
        self.init(bytes: withUnsafeBytes(of: &long) { Array($0) })
    }

    /// Keeps from a C function what it would not see to its end, such as a zero byte.
    private static func mayStand(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66, UInt8(ascii: ":"), UInt8(ascii: "."): true
        default: false
        }
    }
}

/// A network such as `10.0.0.0/8`, or a single address.
package struct AddressBlock: Sendable, Hashable {
    private let start: UInt128
    private let mask: UInt128

    /// - Returns: nil when it is neither an address nor a network, or bits are set behind the prefix.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = ClientAddress(String(first)) else { return nil }
        var prefix = 128
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]) else {
                return nil
            }
            let isShort = !first.contains(":")
            guard length <= (isShort ? 32 : 128) else { return nil }
            prefix = isShort ? 96 + length : length
        }
        start = address.value
        mask = prefix == 0 ? 0 : UInt128.max << UInt128(128 - prefix)
        guard start & ~mask == 0 else { return nil }
    }

    package func contains(_ address: ClientAddress) -> Bool {
        // `::/0` speaks of IPv6; it does not take in IPv4 addresses only because of where they stand.
        if address.isIPv4, start >> 32 != 0xffff { return false }
        return address.value & mask == start
    }
}
