import SallyportModel

/// Makes a request of the decoded field section of a HEADERS frame (RFC 9113 §8.3.1), in the form that a request over
/// HTTP/1.1 has: what is decided on is what is forwarded.
///
/// Fields are added in their order, then `request` is asked for once.
package struct HTTP2RequestReader {
    private var pseudo = HTTP2PseudoFields()
    private var lines: HTTP2FieldLines
    private let limits: HTTPLimits
    private let scheme: StaticString
    private var hasBegun = false
    private var host: String?

    /// - Parameter scheme: that of the listener: a request for another one is refused.
    package init(limits: HTTPLimits, scheme: StaticString = "https") {
        self.limits = limits
        self.scheme = scheme
        lines = HTTP2FieldLines(limits: limits, isTrailer: false)
    }

    package mutating func add(_ name: String, _ value: String) throws(HTTP2Fault) {
        if name.utf8.first == ASCII.colon {
            guard !hasBegun else { throw .malformed(.malformedHTTP2Pseudo) }
            return try pseudo.take(name, value)
        }
        if !hasBegun { try begin() }
        // Where an authority is told already, Host can only say the same.
        guard name != "host" else { return try takeHost(value) }
        guard name != "sec-websocket-key" || pseudo.layout.tunnel == nil else { return }
        try lines.add(name, value)
    }

    /// The start line, and the host if the pseudo-header fields tell one.
    private mutating func begin() throws(HTTP2Fault) {
        hasBegun = true
        try pseudo.check(scheme: scheme, limits: limits)
        lines.begin(with: pseudo.startLine, capacity: 512)
        if let authority = pseudo.authority { try lines.addHost(authority) }
        // HTTP/1.1 wants a nonce that HTTP/2 has no use for (RFC 8441 §5.1).
        if pseudo.layout.tunnel != nil { try lines.add("sec-websocket-key", Self.nonce()) }
    }

    /// Sixteen random bytes in Base64 (RFC 6455 §4.1).
    private static func nonce() -> String {
        var out: [UInt8] = []
        Base64.append((0..<16).map { _ in UInt8.random(in: .min ... .max) }, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    private mutating func takeHost(_ value: String) throws(HTTP2Fault) {
        guard host == nil else { throw .malformed(.invalidHost) }
        host = value
        if pseudo.authority == nil { try lines.addHost(value) }
    }

    /// - Parameter endsStream: no content follows.
    package mutating func request(endsStream: Bool) throws(HTTP2Fault) -> RequestHead {
        if !hasBegun { try begin() }
        try lines.finish()
        if let host, let authority = pseudo.authority { try Self.compare(host, authority, scheme: scheme) }
        do throws(Malformation) {
            return try RequestHead(lines.bytes, pseudo.layout, lines: lines.count, endsStream: endsStream, limits: limits)
        } catch {
            throw HTTP2Fault(error)
        }
    }

    /// Two names for one place have to be the same name.
    private static func compare(_ host: String, _ authority: String, scheme: StaticString) throws(HTTP2Fault) {
        let usual: UInt16 = scheme.utf8CodeUnitCount == 5 ? 443 : 80
        var bytes = Array(host.utf8) + Array(authority.utf8)
        let split = host.utf8.count
        do throws(Malformation) {
            let end = bytes.count
            var span = bytes.mutableSpan
            let left = try Authority(&span, 0..<split)
            let right = try Authority(&span, split..<end)
            guard span.span.bytes.sameText(left.host, right.host), left.port ?? usual == right.port ?? usual else {
                throw .host
            }
        } catch {
            throw .malformed(.invalidHost)
        }
    }
}

/// Where the parts of a start line stand: `METHOD TARGET ` and then the field lines.
struct HTTP2StartLine {
    let method: Range<Int>
    let kind: Method
    let target: Range<Int>
    /// The protocol of an extended CONNECT (RFC 8441 §4). Its method is then that of HTTP/1.1, GET.
    let tunnel: TunnelProtocol?
    /// The first byte of the field lines.
    var end: Int { target.upperBound + 1 }
}

/// The pseudo-header fields of a request (RFC 9113 §8.3.1, RFC 8441 §4).
struct HTTP2PseudoFields {
    private var method: String?
    private var scheme: String?
    private var path: String?
    private(set) var authority: String?
    private var tunnel: String?
    private(set) var startLine: [UInt8] = []
    private(set) var layout = HTTP2StartLine(method: 0..<0, kind: .other, target: 0..<0, tunnel: nil)

    /// No method in use comes near this.
    private static let maximumMethod = 32

    mutating func take(_ name: String, _ value: String) throws(HTTP2Fault) {
        switch name {
        case ":method": try Self.set(&method, value)
        case ":scheme": try Self.set(&scheme, value)
        case ":path": try Self.set(&path, value)
        case ":authority": try Self.set(&authority, value)
        case ":protocol": try Self.set(&tunnel, value)
        default: throw .malformed(.malformedHTTP2Pseudo)
        }
    }

    private static func set(_ field: inout String?, _ value: String) throws(HTTP2Fault) {
        guard field == nil, !value.isEmpty else { throw .malformed(.malformedHTTP2Pseudo) }
        field = value
    }

    /// Each that has to be there is there, and says what can be.
    mutating func check(scheme wanted: StaticString, limits: HTTPLimits) throws(HTTP2Fault) {
        guard let method else { throw .malformed(.malformedHTTP2Pseudo) }
        if method == "CONNECT", tunnel == nil {
            guard scheme == nil, path == nil, authority != nil else { throw .malformed(.malformedHTTP2Pseudo) }
            throw .refused(.methodUnsupported)
        }
        guard let scheme, let path, tunnel == nil || method == "CONNECT" && authority != nil else {
            throw .malformed(.malformedHTTP2Pseudo)
        }
        guard Self.isSame(scheme, wanted) else { throw .malformed(.malformedHTTP2Pseudo) }
        try writeStartLine(method, path, try Self.known(tunnel), limits)
    }

    /// A protocol that is not known is refused as its method would be (RFC 9110 §15.6.2).
    private static func known(_ tunnel: String?) throws(HTTP2Fault) -> TunnelProtocol? {
        guard let tunnel else { return nil }
        guard tunnel.utf8.allSatisfy(ByteSet.token.contains) else { throw .malformed(.malformedHTTP2Pseudo) }
        guard isSame(tunnel, TunnelProtocol.webSocket.token) else { throw .refused(.methodUnsupported) }
        return .webSocket
    }

    private static func isSame(_ scheme: String, _ wanted: StaticString) -> Bool {
        wanted.withUTF8Buffer { wanted in
            scheme.utf8.count == wanted.count && zip(scheme.utf8, wanted).allSatisfy { ASCII.lowercase($0) == $1 }
        }
    }

    private mutating func writeStartLine(
        _ sent: String, _ path: String, _ tunnel: TunnelProtocol?, _ limits: HTTPLimits
    ) throws(HTTP2Fault) {
        let method = tunnel == nil ? sent : "GET"
        guard method.utf8.count <= Self.maximumMethod else { throw .refused(.methodUnsupported) }
        guard path.utf8.count + method.utf8.count + 1 <= limits.startLine else { throw .refused(.requestLineTooLong) }
        var line = Array(method.utf8)
        line.append(ASCII.space)
        line.append(contentsOf: path.utf8)
        line.append(ASCII.space)
        layout = try Self.layout(of: line.span.bytes, methodEnd: method.utf8.count, tunnel: tunnel)
        startLine = line
    }

    private static func layout(
        of line: RawSpan, methodEnd: Int, tunnel: TunnelProtocol?
    ) throws(HTTP2Fault) -> HTTP2StartLine {
        let target = methodEnd + 1..<line.byteCount - 1
        let kind = Method(0..<methodEnd, in: line)
        let isGood =
            line.isToken(0..<methodEnd) && isTarget(line, target, kind, isTunnel: tunnel != nil)
        guard isGood else { throw .malformed(.malformedHTTP2Pseudo) }
        guard kind != .trace else { throw .refused(.traceRefused) }
        return HTTP2StartLine(method: 0..<methodEnd, kind: kind, target: target, tunnel: tunnel)
    }

    /// Visible ASCII that begins with "/", or "*" for OPTIONS. An absolute form has no place here.
    private static func isTarget(_ bytes: RawSpan, _ range: Range<Int>, _ kind: Method, isTunnel: Bool) -> Bool {
        for offset in range where bytes.byte(offset) &- 0x21 >= 0x5E { return false }
        if bytes.byte(range.lowerBound) == ASCII.slash { return true }
        return kind == .options && !isTunnel && range.count == 1 && bytes.byte(range.lowerBound) == ASCII.asterisk
    }
}

extension RequestHead {
    /// Reads what `HTTP2RequestReader` wrote.
    init(
        _ buffer: consuming [UInt8], _ line: HTTP2StartLine, lines: Int, endsStream: Bool, limits: HTTPLimits
    ) throws(Malformation) {
        var bytes = buffer
        let section = try FieldSection(bytes.span.bytes, from: line.end, capacity: lines, direction: .request)
        guard section.host.count == 1 else { throw .host }
        var span = bytes.mutableSpan
        let target = try RequestTarget(&span, line.target, method: line.kind)
        let authority = try Authority(&span, section.value(section.host))
        let raw = bytes.span.bytes
        framing =
            line.tunnel == nil ? try Self.http2Framing(section, raw, line.kind, endsStream: endsStream, limits) : .none
        expectsContinue = try Self.expectsContinue(section, raw) && framing.hasContent
        maxForwards = try line.kind == .options ? Self.maxForwards(section, raw) : nil
        keepAlive = true
        tunnel = line.tunnel
        acceptsTrailers = Self.acceptsTrailers(section, raw)
        (method, methodKind, version) = (line.method, line.kind, .http2)
        (path, query) = (target.path, target.query)
        host = String(decoding: bytes[authority.host], as: UTF8.self)
        self.authority = authority.range
        fields = section.fields
        underscoreFields = section.underscoreFields
        self.bytes = bytes
    }

    /// What END_STREAM and Content-Length say together (RFC 9113 §8.1.1). Where neither tells a length, it is known only
    /// at the end, as with chunks.
    private static func http2Framing(
        _ section: FieldSection, _ bytes: RawSpan, _ kind: Method, endsStream: Bool, _ limits: HTTPLimits
    ) throws(Malformation) -> BodyFraming {
        let length = try Framing.contentLength(section, bytes)
        if endsStream {
            guard length ?? 0 == 0 else { throw .contentLength }
            return length == 0 || kind.usuallyHasContent ? .length(0) : .none
        }
        guard let length else { return .chunked }
        guard length <= UInt64(max(limits.body, 0)) else { throw .bodyTooLarge }
        return .length(length)
    }
}

extension Method {
    /// A server of HTTP/1.1 may ask for a length where there is none (RFC 9110 §8.6).
    fileprivate var usuallyHasContent: Bool {
        switch self {
        case .post, .put, .patch: true
        default: false
        }
    }
}
