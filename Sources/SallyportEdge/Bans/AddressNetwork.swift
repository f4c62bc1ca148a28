import Glibc

/// A network of addresses, from all of a family down to one (RFC 4632 section 3.1, RFC 4291 section 2.3).
package struct AddressNetwork: Hashable, Sendable {
    /// From the highest bit on; behind the prefix all are zero.
    private let bits: UInt128
    /// Bits: at most 32 or 128.
    package let prefix: Int
    package let isIPv6: Bool

    /// One address. An IPv4 address inside IPv6 is the IPv4 address (RFC 4291 section 2.5.5.2).
    ///
    /// - Parameter address: 4 or 16 bytes in network order; nil for any other number.
    package init?(_ address: [UInt8]) {
        self.init(address, prefix: address.count * 8)
    }

    /// Nil when the prefix is too long, or bits behind it are set.
    package init?(_ address: [UInt8], prefix: Int) {
        guard address.count == 4 || address.count == 16, (0...address.count * 8).contains(prefix) else { return nil }
        if address.starts(with: Self.mapped), prefix >= 96 {
            self.init(Array(address.suffix(4)), prefix: prefix - 96)
            return
        }
        let number = address.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        let bits = number << UInt128(128 - address.count * 8)
        guard Self.masked(bits, prefix) == bits else { return nil }
        self.init(bits: bits, prefix: prefix, isIPv6: address.count == 16)
    }

    private init(bits: UInt128, prefix: Int, isIPv6: Bool) {
        self.bits = bits
        self.prefix = prefix
        self.isIPv6 = isIPv6
    }

    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

    private static func masked(_ bits: UInt128, _ prefix: Int) -> UInt128 {
        prefix == 0 ? 0 : bits & ~UInt128(0) << UInt128(128 - prefix)
    }

    // MARK: relations

    /// The network of this prefix that it lies in; itself where the prefix is not shorter than its own.
    package func widened(to prefix: Int) -> AddressNetwork {
        guard prefix < self.prefix else { return self }
        return AddressNetwork(bits: Self.masked(bits, max(0, prefix)), prefix: max(0, prefix), isIPv6: isIPv6)
    }

    /// Whether one of the two lies in the other.
    package func overlaps(_ other: AddressNetwork) -> Bool {
        guard isIPv6 == other.isIPv6 else { return false }
        let shorter = min(prefix, other.prefix)
        return widened(to: shorter) == other.widened(to: shorter)
    }

    /// Whom a client answers for: its IPv4 address, or the /64 of its IPv6 address.
    package var ofOneClient: AddressNetwork { isIPv6 ? widened(to: 64) : self }

    /// Every address of the family.
    package var isEverything: Bool { prefix == 0 }

    // MARK: text

    /// `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. Nil when it is none, or when bits behind the prefix are set.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let address = Self.address(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            parts[1] == "0" || !parts[1].hasPrefix("0"), let prefix = Int(parts[1])
        else { return nil }
        self.init(address, prefix: prefix)
    }

    private static func address(_ text: String) -> [UInt8]? {
        // What C reads ends at the first NUL.
        guard text.utf8.allSatisfy({ $0 != 0 }) else { return nil }
        var version4 = in_addr()
        if inet_pton(AF_INET, text, &version4) == 1 { return withUnsafeBytes(of: &version4) { Array($0) } }
        var version6 = in6_addr()
        guard inet_pton(AF_INET6, text, &version6) == 1 else { return nil }
        return withUnsafeBytes(of: &version6) { Array($0) }
    }

    /// As it is read: an address without its prefix, a network with it.
    package var text: String {
        let length = isIPv6 ? 16 : 4
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: bits >> UInt128(120 - $0 * 8)) }
        var words = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes, &words, socklen_t(words.count)) != nil else { return "" }
        let address = String(decoding: words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return prefix == length * 8 ? address : "\(address)/\(prefix)"
    }
}
