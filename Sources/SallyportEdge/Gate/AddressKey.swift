/// Whom connections are counted for: an IPv4 address, or the /64 of an IPv6 address, because whoever has one address of
/// a /64 has all of them (RFC 4291 section 2.5.4).
///
/// Tables of these are keyed by Swift's hash, which has a secret seed of its own in each process.
package struct AddressKey: Hashable, Sendable {
    private let prefix: UInt64
    private let isIPv6: Bool

    /// - Parameter bytes: 4 or 16 bytes in network order; nil for any other number. An IPv4 address inside IPv6 counts
    ///   as the IPv4 address that it is.
    package init?(_ bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.init(version4: bytes[...])
        case 16 where bytes.starts(with: Self.mapped): self.init(version4: bytes[12...])
        case 16:
            self.init(prefix: Self.number(bytes[..<8]), isIPv6: true)
        default: return nil
        }
    }

    private init(version4 bytes: ArraySlice<UInt8>) {
        self.init(prefix: Self.number(bytes), isIPv6: false)
    }

    private init(prefix: UInt64, isIPv6: Bool) {
        self.prefix = prefix
        self.isIPv6 = isIPv6
    }

    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
