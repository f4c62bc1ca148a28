/// Takes the fields of a request in the order in which they are sent.
package protocol HTTP2FieldSink {
    /// - Parameter indexing: how HPACK may remember it.
    mutating func append(name: String, value: String, indexing: HTTP2FieldIndexing)
}

/// What the compression of a connection may remember of a field (RFC 7541 §6.2, §7.1.3).
package enum HTTP2FieldIndexing: Sendable {
    /// Likely to come again.
    case indexed
    /// Differs from request to request; remembering it would push out what comes again.
    case notIndexed
    /// Secret: many clients share the connection, and none may learn by guessing what another one sent.
    case neverIndexed
}

/// Why a request cannot be said in HTTP/2.
package enum HTTP2Unsayable: Error {
    /// Some part of it is no UTF-8 text, and the HPACK encoder takes only text.
    case notText
}

/// Says a request to the upstream in the words of HTTP/2 (RFC 9113 §8.3.1): the same decisions that `writeRequest` writes
/// for HTTP/1.1, from the same bytes.
package func describeRequest(
    _ head: borrowing RequestHead, _ forwarding: borrowing RequestForwarding, scheme: String,
    into sink: inout some HTTP2FieldSink
) throws(HTTP2Unsayable) {
    try appendPseudoFields(head, forwarding, scheme: scheme, into: &sink)
    for field in head.fields where field.isForwarded {
        let name = try text(head.bytes[field.nameRange]).lowercased()
        // The nonce of HTTP/1.1 has no use here (RFC 8441 §5.1).
        if head.tunnel != nil, name == "sec-websocket-key" { continue }
        sink.append(name: name, value: try text(head.bytes[field.valueRange]), indexing: field.known.indexing)
    }
    if head.acceptsTrailers { sink.append(name: "te", value: "trailers", indexing: .indexed) }
    if let hops = head.maxForwards {
        sink.append(name: "max-forwards", value: String(hops == 0 ? 0 : hops - 1), indexing: .notIndexed)
    }
    if case .length(let length) = forwarding.framing {
        sink.append(name: "content-length", value: String(length), indexing: .notIndexed)
    }
    try appendLines(forwarding.added, into: &sink)
}

private func appendPseudoFields(
    _ head: borrowing RequestHead, _ forwarding: borrowing RequestForwarding, scheme: String,
    into sink: inout some HTTP2FieldSink
) throws(HTTP2Unsayable) {
    if let tunnel = head.tunnel {
        // Extended CONNECT (RFC 8441 §4).
        sink.append(name: ":method", value: "CONNECT", indexing: .indexed)
        sink.append(name: ":protocol", value: "\(tunnel.token)", indexing: .indexed)
    } else {
        sink.append(name: ":method", value: try text(head.bytes[head.method]), indexing: .indexed)
    }
    sink.append(name: ":scheme", value: scheme, indexing: .indexed)
    let authority = if let ours = forwarding.authority { try text(ours[...]) } else { try text(head.bytes[head.authority]) }
    sink.append(name: ":authority", value: authority, indexing: .indexed)
    var target: [UInt8] = []
    appendTarget(head, forwarding, into: &target)
    sink.append(name: ":path", value: try text(target[...]), indexing: .notIndexed)
}

/// Says trailers in the words of HTTP/2. A field that is no text is left out: a recipient may lack any of them (RFC 9110
/// §6.5.1).
package func describeTrailers(_ trailers: borrowing Trailers, into sink: inout some HTTP2FieldSink) {
    for field in trailers.fields where field.isForwarded {
        guard let name = String(validating: trailers.bytes[field.nameRange], as: UTF8.self)?.lowercased(),
            let value = String(validating: trailers.bytes[field.valueRange], as: UTF8.self)
        else { continue }
        sink.append(name: name, value: value, indexing: .notIndexed)
    }
}

/// `name: value` lines of the gateway itself, each with its line end.
private func appendLines(_ lines: [UInt8], into sink: inout some HTTP2FieldSink) throws(HTTP2Unsayable) {
    var start = 0
    while let end = lines[start...].firstIndex(of: ASCII.carriageReturn) {
        if let colon = lines[start..<end].firstIndex(of: ASCII.colon) {
            let value = lines[(colon + 1)..<end].drop(while: ASCII.isBlank)
            let name = try text(lines[start..<colon]).lowercased()
            // Who the client is and which request this is differs each time, or should not be remembered.
            sink.append(name: name, value: try text(value), indexing: name == "via" ? .indexed : .neverIndexed)
        }
        start = end + 2
    }
}

private func text(_ bytes: ArraySlice<UInt8>) throws(HTTP2Unsayable) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
    return text
}

extension KnownField {
    fileprivate var indexing: HTTP2FieldIndexing {
        switch self {
        case .authorization, .cookie: .neverIndexed
        case .date, .range: .notIndexed
        default: .indexed
        }
    }
}
