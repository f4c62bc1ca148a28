/// A protocol version as it stands on the wire.
package struct WireVersion: RawRepresentable, Sendable, Hashable, Comparable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let ssl30 = WireVersion(rawValue: 0x0300)
    package static let tls10 = WireVersion(rawValue: 0x0301)
    package static let tls11 = WireVersion(rawValue: 0x0302)
    package static let tls12 = WireVersion(rawValue: 0x0303)
    package static let tls13 = WireVersion(rawValue: 0x0304)

    /// Newest first.
    package static let known: [WireVersion] = [.tls13, .tls12, .tls11, .tls10, .ssl30]

    private static let names: [UInt16: String] = [
        0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3",
    ]

    package var name: String { Self.names[rawValue] ?? HexText.uint16(rawValue) }

    package static func < (left: WireVersion, right: WireVersion) -> Bool { left.rawValue < right.rawValue }
}

/// Values that clients mix in so that servers do not choke on unknown ones (RFC 8701).
package enum GREASE {
    package static func contains(_ value: UInt16) -> Bool {
        value & 0x0F0F == 0x0A0A && value >> 8 == value & 0xFF
    }
}
