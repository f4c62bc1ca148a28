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
        framing = try Self.framing(section, bytes.span.bytes, line.version, limits)
        expectsContinue =
            try Self.expectsContinue(section, bytes.span.bytes) && line.version == .http11
            && framing.hasContent
        maxForwards = try line.kind == .options ? Self.maxForwards(section, bytes.span.bytes) : nil
        keepAlive = line.version == .http11 && !section.options.close
        (method, methodKind, version) = (line.method, line.kind, line.version)
        tunnel = Self.tunnel(section, bytes.span.bytes, line, framing)
        acceptsTrailers = section.options.te && Self.acceptsTrailers(section, bytes.span.bytes)
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
        _ section: FieldSection, _ bytes: RawSpan, _ version: HTTPVersion, _ limits: HTTPLimits
    ) throws(Malformation) -> BodyFraming {
        if try Framing.isChunked(section, bytes, version: version) { return .chunked }
        guard let length = try Framing.contentLength(section, bytes) else { return .none }
        guard length <= UInt64(max(limits.body, 0)) else { throw .bodyTooLarge }
        return .length(length)
    }

    /// RFC 9110 §10.1.1: there is one expectation, and every other is refused.
    static func expectsContinue(_ section: FieldSection, _ bytes: RawSpan) throws(Malformation) -> Bool {
        guard section.expect.count > 0 else { return false }
        guard section.expect.count == 1, bytes.matches(section.value(section.expect), "100-continue") else {
            throw .expectation
        }
        return true
    }

    /// An Upgrade that is not understood is ignored, and the request is one like any other (RFC 9110 §7.8). One with
    /// content is not understood: what of it would be content, and what the other protocol?
    private static func tunnel(
        _ section: FieldSection, _ bytes: RawSpan, _ line: RequestLine, _ framing: BodyFraming
    ) -> TunnelProtocol? {
        guard section.upgrade.count == 1, section.options.upgrade, line.version == .http11, line.kind == .get,
            framing == .none, !section.options.close,
            bytes.matches(section.value(section.upgrade), TunnelProtocol.webSocket.token)
        else { return nil }
        return .webSocket
    }

    /// `trailers` among the codings of TE.
    static func acceptsTrailers(_ section: FieldSection, _ bytes: RawSpan) -> Bool {
        guard section.te.count == 1 else { return false }
        var list = ListReader(section.value(section.te))
        while let coding = list.next(in: bytes) {
            if bytes.matches(coding, "trailers") { return true }
        }
        return false
    }

    static func maxForwards(_ section: FieldSection, _ bytes: RawSpan) throws(Malformation) -> UInt32? {
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
