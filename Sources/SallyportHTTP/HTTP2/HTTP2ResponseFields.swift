/// The decoded fields of one HTTP/2 header block of a response, gathered one by one as lines (RFC 9113 §8.1, §8.3.2).
///
/// It keeps the first fault and reports it when the block is read, so that whoever hands fields over needs no branch.
package struct HTTP2ResponseFields {
    private let limits: HTTPLimits
    /// Field lines, canonical, without status line and empty line.
    private var lines: [UInt8] = []
    private(set) var count = 0
    private(set) var status: UInt16?
    private var fault: Malformation?

    package init(limits: HTTPLimits) {
        self.limits = limits
        lines.reserveCapacity(512)
    }

    package mutating func append(name: String, value: String) {
        guard fault == nil else { return }
        do throws(Malformation) {
            if name.utf8.first == ASCII.colon {
                try takeStatus(name: name, value: value)
            } else {
                try takeField(name: name, value: value)
            }
        } catch {
            fault = error
        }
    }

    /// The one pseudo-field of a response: once, and before every other field.
    private mutating func takeStatus(name: String, value: String) throws(Malformation) {
        guard name == ":status", status == nil, count == 0, value.utf8.count == 3 else { throw .statusLine }
        var number: UInt16 = 0
        for byte in value.utf8 {
            guard ASCII.isDigit(byte) else { throw .statusLine }
            number = number * 10 + UInt16(byte - ASCII.zero)
        }
        guard (100...599).contains(number) else { throw .statusLine }
        status = number
    }

    private mutating func takeField(name: String, value: String) throws(Malformation) {
        count += 1
        let length = name.utf8.count + value.utf8.count + 2
        guard count <= limits.headerCount else { throw .tooManyHeaders }
        guard length <= limits.fieldLine, lines.count + length + 2 <= limits.headers else { throw .headersTooLarge }
        try HTTP2FieldLine.append(name: name, value: value, to: &lines)
    }

    /// The block as a response head.
    /// - Parameters:
    ///   - method: of the request that this answers.
    ///   - accept: what a successful response opens a tunnel with, if the request asks for one.
    ///   - endsStream: nothing follows, neither content nor trailers.
    func head(answering method: Method, accept: [UInt8]?, endsStream: Bool) throws(Malformation) -> ResponseHead {
        if let fault { throw fault }
        guard let status else { throw .statusLine }
        if let accept, (200...299).contains(status) {
            return try ResponseHead(accept: accept, lines: lines, count: count)
        }
        return try ResponseHead(status: status, lines: lines, count: count, answering: method, endsStream: endsStream)
    }

    /// The block as trailers; nil when it is empty.
    func trailers() throws(Malformation) -> Trailers? {
        if let fault { throw fault }
        guard status == nil else { throw .trailer }
        return try Trailers(lines + [ASCII.carriageReturn, ASCII.lineFeed], direction: .response, lines: count)
    }
}

extension ResponseHead {
    /// A head that came over HTTP/2. Its bytes are those that HTTP/1.1 would have had, and the same reader reads them.
    fileprivate init(
        status: UInt16, lines: [UInt8], count: Int, answering method: Method, endsStream: Bool
    ) throws(Malformation) {
        let written = WrittenHead(status, lines)
        let section = try written.section(count)
        let length = try Framing.contentLength(section, written.bytes.span.bytes)
        framing = try Self.framing(status, method, length: length, endsStream: endsStream)
        declaredLength = framing == .none && status >= 200 && status != 204 ? length : nil
        (self.status, reasonPhrase) = (status, written.phrase)
        keepAlive = true
        fields = section.fields
        bytes = written.bytes
    }

    /// An agreement to a tunnel. A length says nothing there (RFC 9110 §9.3.6), and Sec-WebSocket-Accept is ours to say.
    fileprivate init(accept: [UInt8], lines: [UInt8], count: Int) throws(Malformation) {
        var ours = Array("Sec-WebSocket-Accept: ".utf8)
        ours += accept
        ours.append("\r\n")
        let written = WrittenHead(101, ours + lines)
        let section = try written.section(count + 1)
        (framing, declaredLength, keepAlive) = (.none, nil, true)
        (status, reasonPhrase) = (101, written.phrase)
        fields = section.fields
        bytes = written.bytes
        let name = Array("sec-websocket-accept".utf8)
        for index in fields.indices.dropFirst() where isName(fields[index], name) { fields[index].isForwarded = false }
    }

    /// RFC 9113 §8.1.1: the length that is announced is the length that comes. 101 does not exist (§8.6).
    private static func framing(
        _ status: UInt16, _ method: Method, length: UInt64?, endsStream: Bool
    ) throws(Malformation) -> BodyFraming {
        if status < 200 {
            guard status != 101, !endsStream, length ?? 0 == 0 else { throw .statusLine }
            return .none
        }
        if status == 204 {
            guard length ?? 0 == 0 else { throw .ambiguousFraming }
            return .none
        }
        if method == .head || status == 304 { return .none }
        guard endsStream else { return length.map { .length($0) } ?? .chunked }
        guard length ?? 0 == 0 else { throw .ambiguousFraming }
        return .length(0)
    }
}

/// A status line and field lines as HTTP/1.1 writes them.
private struct WrittenHead {
    private(set) var bytes: [UInt8] = []
    let phrase: Range<Int>
    private let fieldsStart: Int

    init(_ status: UInt16, _ lines: [UInt8]) {
        bytes.reserveCapacity(lines.count + 48)
        bytes.append("HTTP/1.1 ")
        bytes.append(decimal: UInt64(status))
        bytes.append(ASCII.space)
        let phraseStart = bytes.count
        bytes.append(StatusPhrase.registered(status))
        phrase = phraseStart..<bytes.count
        bytes.append("\r\n")
        fieldsStart = bytes.count
        bytes.append(contentsOf: lines)
        bytes.append("\r\n")
    }

    func section(_ count: Int) throws(Malformation) -> FieldSection {
        let section = try FieldSection(bytes.span.bytes, from: fieldsStart, capacity: count, direction: .response)
        guard !section.fields.contains(where: { $0.known.isForbiddenInHTTP2 }) else { throw .connection }
        return section
    }
}

extension KnownField {
    /// What describes a connection has no place in a message of HTTP/2 (RFC 9113 §8.2.2).
    var isForbiddenInHTTP2: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade: true
        default: false
        }
    }
}
