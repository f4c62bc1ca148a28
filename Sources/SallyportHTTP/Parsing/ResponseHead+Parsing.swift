extension ResponseHead {
    /// Reads a complete head.
    /// - Parameters:
    ///   - buffer: from the first byte of the status line to the LF of the empty line.
    ///   - lines: how many lines there are.
    ///   - method: of the request that this answers.
    ///   - tunnel: what the request asked to speak instead of HTTP.
    init(
        _ buffer: consuming [UInt8], lines: Int, answering method: Method, tunnel: TunnelProtocol?
    ) throws(Malformation) {
        let bytes = buffer
        let raw = bytes.span.bytes
        let line = try StatusLine(raw)
        let section = try FieldSection(raw, from: line.end, capacity: lines, direction: .response)
        if line.status == 101 { try Self.checkSwitch(to: tunnel, section, raw) }
        let isChunked = try Framing.isChunked(section, raw, version: line.version)
        let length = try Framing.contentLength(section, raw)
        framing = try Self.framing(line.status, method, isChunked: isChunked, length: length)
        declaredLength = framing == .none && line.status >= 200 && line.status != 204 ? length : nil
        keepAlive =
            line.version == .http11 && !section.options.close && framing != .untilClose && line.status != 101
        (status, reasonPhrase) = (line.status, line.reasonPhrase)
        fields = section.fields
        self.bytes = bytes
    }

    /// Only what was asked for may be switched to (RFC 9110 §7.8).
    private static func checkSwitch(
        to tunnel: TunnelProtocol?, _ section: FieldSection, _ raw: RawSpan
    ) throws(Malformation) {
        guard let tunnel, section.options.upgrade, section.upgrade.count == 1,
            raw.matches(section.value(section.upgrade), tunnel.token)
        else { throw .statusLine }
    }

    /// RFC 9112 §6.3, in its order. A 1xx or 204 that announces content is refused: who believed it would take the
    /// next response for that content.
    private static func framing(
        _ status: UInt16, _ method: Method, isChunked: Bool, length: UInt64?
    ) throws(Malformation) -> BodyFraming {
        if status < 200 || status == 204 {
            guard !isChunked, length ?? 0 == 0 else { throw .ambiguousFraming }
            return .none
        }
        if method == .head || status == 304 { return .none }
        if isChunked { return .chunked }
        return length.map { .length($0) } ?? .untilClose
    }
}
