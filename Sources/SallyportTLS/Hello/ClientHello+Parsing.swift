import SallyportModel

extension ClientHello {
    /// Mainstream clients send fewer than twenty; the bound keeps the look for duplicates cheap.
    private static let maximumExtensions = 64

    /// - Parameter message: a whole handshake message of type client_hello, its 4-byte header included.
    init(message: [UInt8]) throws(HelloFault) {
        var body = HelloCursor(message, from: 4)
        legacyVersion = try body.uint16()
        // RFC 8446 appendix D.5: SSL 3.0 ends here, whatever supported_versions says.
        guard legacyVersion >> 8 == 3, legacyVersion != 0x0300 else {
            throw HelloFault(.versionTooOld, "the legacy version is none of TLS")
        }
        try body.skip(32)  // random
        sessionIDLength = try body.vector8().count
        guard sessionIDLength <= 32 else {
            throw HelloFault(.helloMalformed, "the session identifier is longer than 32 bytes")
        }
        var suites = try body.vector16()
        cipherSuites = try suites.uint16List()
        guard try body.vector8().remainder.contains(0) else {
            throw HelloFault(.helloMalformed, "the null compression method is not offered")
        }
        if body.isEmpty { return }
        try readExtensions(try body.vector16())
        try body.finish()
    }

    private mutating func readExtensions(_ list: HelloCursor) throws(HelloFault) {
        var list = list
        while !list.isEmpty {
            guard !hasPreSharedKey else {
                throw HelloFault(.helloMalformed, "pre_shared_key is not the last extension")
            }
            let type = try list.uint16()
            guard !extensions.contains(type) else {
                throw HelloFault(.helloDuplicateExtension, "an extension stands twice")
            }
            guard extensions.count < Self.maximumExtensions else {
                throw HelloFault(.helloMalformed, "there are more than 64 extensions")
            }
            extensions.append(type)
            try readExtension(ExtensionType(rawValue: type), try list.vector16())
        }
    }

    /// The extensions that are looked at (IANA registry "TLS ExtensionType Values").
    private enum ExtensionType: UInt16 {
        case serverName = 0
        case supportedGroups = 10
        case pointFormats = 11
        case signatureAlgorithms = 13
        case applicationLayerProtocolNegotiation = 16
        case sessionTicket = 35
        case preSharedKey = 41
        case earlyData = 42
        case supportedVersions = 43
        case pskKeyExchangeModes = 45
        case keyShare = 51
    }

    private mutating func readExtension(_ type: ExtensionType?, _ data: HelloCursor) throws(HelloFault) {
        switch type {
        case .serverName: sni = try Self.serverName(data)
        case .supportedGroups: groups = try Self.list16(data)
        case .signatureAlgorithms: signatureAlgorithms = try Self.list16(data)
        case .applicationLayerProtocolNegotiation: alpn = try Self.protocols(data)
        case .sessionTicket: hasSessionTicket = !data.isEmpty
        case .preSharedKey: hasPreSharedKey = true
        case .earlyData: hasEarlyData = true
        case .supportedVersions: supportedVersions = try Self.list8(data)
        case .pointFormats: pointFormats = try Self.bytes8(data)
        case .pskKeyExchangeModes: pskModes = try Self.bytes8(data)
        case .keyShare: keyShares = try Self.shares(data)
        case nil: return
        }
    }

    private static func list16(_ data: HelloCursor) throws(HelloFault) -> [UInt16] {
        var data = data
        var list = try data.vector16()
        try data.finish()
        return try list.uint16List()
    }

    private static func list8(_ data: HelloCursor) throws(HelloFault) -> [UInt16] {
        var data = data
        var list = try data.vector8()
        try data.finish()
        return try list.uint16List()
    }

    private static func bytes8(_ data: HelloCursor) throws(HelloFault) -> [UInt8] {
        var data = data
        let list = try data.vector8()
        try data.finish()
        guard !list.isEmpty else { throw HelloFault(.helloMalformed, "a list is empty or has an odd length") }
        return Array(list.remainder)
    }

    /// RFC 8446 section 4.2.8: no share at all asks the server for its choice; none is empty.
    private static func shares(_ data: HelloCursor) throws(HelloFault) -> [UInt16] {
        var data = data
        var list = try data.vector16()
        try data.finish()
        var groups: [UInt16] = []
        while !list.isEmpty {
            groups.append(try list.uint16())
            guard try !list.vector16().isEmpty else { throw HelloFault(.helloMalformed, "a key share is empty") }
        }
        return groups
    }

    /// RFC 7301 section 3.1: at least one name, none empty.
    private static func protocols(_ data: HelloCursor) throws(HelloFault) -> [[UInt8]] {
        var data = data
        var list = try data.vector16()
        try data.finish()
        var names: [[UInt8]] = []
        repeat {
            let name = try list.vector8()
            guard !name.isEmpty else { throw HelloFault(.helloMalformed, "an application protocol has no name") }
            names.append(Array(name.remainder))
        } while !list.isEmpty
        return names
    }

    /// RFC 6066 section 3: one name of type host_name. Other types were never defined.
    private static func serverName(_ data: HelloCursor) throws(HelloFault) -> String {
        var data = data
        var list = try data.vector16()
        try data.finish()
        guard try list.uint8() == 0 else {
            throw HelloFault(.helloServerNameInvalid, "the server name has an unknown type")
        }
        let name = try list.vector16()
        guard list.isEmpty else {
            throw HelloFault(.helloTwoServerNames, "the server name extension holds more than one name")
        }
        guard let host = HostName(name.remainder) else {
            throw HelloFault(.helloServerNameInvalid, "the server name is not made of letters, digits and hyphens")
        }
        return host.text
    }
}
