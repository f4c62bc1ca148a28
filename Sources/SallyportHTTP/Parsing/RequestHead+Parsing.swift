extension RequestHead {
    /// Reads a complete head.
    /// - Parameters:
    ///   - buffer: from the first byte of the request line to the LF of the empty line.
    ///   - lines: how many lines there are.
    init(_ buffer: consuming [UInt8], lines: Int, limits: HTTPLimits) throws(Malformation) {
        var bytes = buffer
        let line = try RequestLine(bytes.span.bytes)
        let section = try FieldSection(bytes.span.bytes, from: line.end, capacity: lines, direction: .request)
        let target = try Self.target(&bytes, line)
        let authority = try Self.authority(&bytes, section, target)
        framing = try Self.framing(section, bytes.span.bytes, line.minorVersion, limits)
        expectsContinue =
            try Self.expectsContinue(section, bytes.span.bytes) && line.minorVersion == 1
            && framing.hasContent
        maxForwards = try line.kind == .options ? Self.maxForwards(section, bytes.span.bytes) : nil
        keepAlive = line.minorVersion == 1 && !section.options.close
        (method, methodKind, minorVersion) = (line.method, line.kind, line.minorVersion)
        (path, query) = (target.path, target.query)
        host = String(decoding: bytes[authority.host], as: UTF8.self)
        self.authority = authority.range
        fields = section.fields
        underscoreFields = section.underscoreFields
        self.bytes = bytes
    }

    private static func target(_ bytes: inout [UInt8], _ line: RequestLine) throws(Malformation) -> RequestTarget {
        var span = bytes.mutableSpan
        return try RequestTarget(&span, line.target, method: line.kind)
    }

    /// One Host, in every version; where the target has an authority, too, they have to be the same (RFC 9112 §3.2).
    private static func authority(
        _ bytes: inout [UInt8], _ section: FieldSection, _ target: RequestTarget
    ) throws(Malformation) -> Authority {
        guard section.host.count == 1 else { throw .host }
        var span = bytes.mutableSpan
        let host = try Authority(&span, section.value(section.host))
        guard let absolute = target.authority else { return host }
        let raw = span.span.bytes
        guard raw.sameText(absolute.host, host.host),
            absolute.port ?? target.defaultPort == host.port ?? target.defaultPort
        else { throw .host }
        return absolute
    }

    private static func framing(
        _ section: FieldSection, _ bytes: RawSpan, _ minorVersion: UInt8, _ limits: HTTPLimits
    ) throws(Malformation) -> BodyFraming {
        if try Framing.isChunked(section, bytes, minorVersion: minorVersion) { return .chunked }
        guard let length = try Framing.contentLength(section, bytes) else { return .none }
        guard length <= UInt64(max(limits.body, 0)) else { throw .bodyTooLarge }
        return .length(length)
    }

    /// RFC 9110 §10.1.1: there is one expectation, and every other is refused.
    private static func expectsContinue(_ section: FieldSection, _ bytes: RawSpan) throws(Malformation) -> Bool {
        guard section.expect.count > 0 else { return false }
        guard section.expect.count == 1, bytes.matches(section.value(section.expect), "100-continue") else {
            throw .expectation
        }
        return true
    }

    private static func maxForwards(_ section: FieldSection, _ bytes: RawSpan) throws(Malformation) -> UInt32? {
        guard section.maxForwards.count > 0 else { return nil }
        guard section.maxForwards.count == 1,
            let number = Framing.decimal(section.value(section.maxForwards), in: bytes)
        else { throw .maxForwards }
        return UInt32(clamping: number)
    }
}

extension BodyFraming {
    var hasContent: Bool {
        switch self {
        case .none, .length(0): false
        default: true
        }
    }
}
