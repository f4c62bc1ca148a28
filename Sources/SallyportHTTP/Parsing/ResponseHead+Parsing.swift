extension ResponseHead {
    /// Reads a complete head.
    /// - Parameters:
    ///   - buffer: from the first byte of the status line to the LF of the empty line.
    ///   - lines: how many lines there are.
    ///   - method: of the request that this answers.
    init(_ buffer: consuming [UInt8], lines: Int, answering method: Method) throws(Malformation) {
        let bytes = buffer
        let raw = bytes.span.bytes
        let line = try StatusLine(raw)
        // Nobody was asked to switch protocols.
        guard line.status != 101 else { throw .statusLine }
        let section = try FieldSection(raw, from: line.end, capacity: lines, direction: .response)
        let isChunked = try Framing.isChunked(section, raw, minorVersion: line.minorVersion)
        let length = try Framing.contentLength(section, raw)
        framing = try Self.framing(line.status, method, isChunked: isChunked, length: length)
        declaredLength = framing == .none && line.status >= 200 && line.status != 204 ? length : nil
        keepAlive = line.minorVersion == 1 && !section.options.close && framing != .untilClose
        (status, reasonPhrase, minorVersion) = (line.status, line.reasonPhrase, line.minorVersion)
        fields = section.fields
        self.bytes = bytes
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
