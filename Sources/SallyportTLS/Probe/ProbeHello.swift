/// A ClientHello that asks a server one question: exactly these versions, suites, groups and signature algorithms.
///
/// It leads to no session: the key shares are points that everybody knows, and the connection ends with the server's
/// answer. That is why it can offer what no TLS library speaks any more.
package struct ProbeHello: Sendable, Equatable {
    /// The one version on offer.
    package var version: WireVersion
    package var suites: [UInt16]
    package var groups: [NamedGroup] = []
    package var schemes: [SignatureScheme] = []
    /// Groups to send a key share for; with none a TLS 1.3 server names the group it wants.
    package var keyShares: [NamedGroup] = []
    package var serverName: String?
    package var applicationProtocols: [String] = []
    /// Compression methods besides null: 1 is DEFLATE (RFC 3749).
    package var compression: [UInt8] = []

    package init(version: WireVersion, suites: [UInt16], serverName: String? = nil) {
        self.version = version
        self.suites = suites
        self.serverName = serverName
    }

    /// Says that the client has fallen back to this version (RFC 7507).
    package static let fallbackSCSV: UInt16 = 0x5600

    /// The message in one plaintext record.
    ///
    /// - Parameter random: 32 bytes.
    package func record(random: [UInt8]) -> [UInt8] {
        let message = Wire.handshake(type: 1, body(random: random))
        let recordVersion = min(version, .tls10)
        return [22] + Wire.uint16(recordVersion.rawValue) + Wire.vector16(message)
    }

    private func body(random: [UInt8]) -> [UInt8] {
        // A session identifier makes middleboxes take TLS 1.3 for a resumption (RFC 8446 appendix D.4).
        let session = version == .tls13 ? random : []
        return Wire.uint16(min(version, .tls12).rawValue) + random + Wire.vector8(session)
            + Wire.vector16(suites.flatMap(Wire.uint16)) + Wire.vector8(compression + [0]) + extensionBlock
    }

    private var extensionBlock: [UInt8] {
        // SSL 3.0 knows none, and some of its servers choke on them.
        guard version > .ssl30 else { return [] }
        return Wire.vector16(extensions.flatMap { Wire.uint16($0.type) + Wire.vector16($0.data) })
    }

    private var extensions: [(type: UInt16, data: [UInt8])] {
        var list: [(type: UInt16, data: [UInt8])] = []
        if let serverName { list.append((0, Wire.vector16([0] + Wire.vector16(Array(serverName.utf8))))) }
        if !groups.isEmpty { list.append((10, Wire.vector16(groups.flatMap { Wire.uint16($0.rawValue) }))) }
        if !schemes.isEmpty, version >= .tls12 {
            list.append((13, Wire.vector16(schemes.flatMap { Wire.uint16($0.rawValue) })))
        }
        if !applicationProtocols.isEmpty {
            list.append((16, Wire.vector16(applicationProtocols.flatMap { Wire.vector8(Array($0.utf8)) })))
        }
        return list + (version == .tls13 ? extensions13 : Self.extensions12)
    }

    /// Uncompressed points, extended master secret, secure renegotiation.
    private static let extensions12: [(type: UInt16, data: [UInt8])] = [(11, [1, 0]), (23, []), (0xFF01, [0])]

    private var extensions13: [(type: UInt16, data: [UInt8])] {
        let shares = keyShares.flatMap { group in
            Self.share(group).map { Wire.uint16(group.rawValue) + Wire.vector16($0) } ?? []
        }
        return [
            (43, Wire.vector8(Wire.uint16(version.rawValue))), (45, Wire.vector8([1])), (51, Wire.vector16(shares)),
        ]
    }

    /// The base point of the curve, whose secret is 1; nil for groups where that is not done.
    private static func share(_ group: NamedGroup) -> [UInt8]? {
        switch group {
        case .x25519: [9] + [UInt8](repeating: 0, count: 31)
        case .secp256r1: basePointP256
        default: nil
        }
    }

    private static let basePointP256: [UInt8] = [
        4, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03,
        0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2,
        0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31,
        0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5,
    ]
}

/// Writes the presentation language of TLS (RFC 8446 section 3.4).
enum Wire {
    static func uint16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    /// - Parameter bytes: at most 255.
    static func vector8(_ bytes: [UInt8]) -> [UInt8] { [UInt8(truncatingIfNeeded: bytes.count)] + bytes }

    /// - Parameter bytes: at most 65,535.
    static func vector16(_ bytes: [UInt8]) -> [UInt8] { uint16(UInt16(truncatingIfNeeded: bytes.count)) + bytes }

    static func handshake(type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type, UInt8(truncatingIfNeeded: body.count >> 16)] + uint16(UInt16(truncatingIfNeeded: body.count)) + body
    }
}
