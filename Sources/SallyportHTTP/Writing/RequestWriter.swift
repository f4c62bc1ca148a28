/// What the gateway decides about a request on its way to the upstream.
package struct RequestForwarding: Sendable {
    /// The Host to send; nil sends the client's own.
    package var authority: [UInt8]?
    /// Removed from the front of the path, on a segment boundary; without trailing slash. Empty removes nothing.
    package var stripPrefix: [UInt8]
    /// Put in front of the path then, without trailing slash. Empty adds nothing.
    package var addPrefix: [UInt8]
    /// Complete `name: value` lines with line ends, written as they are.
    package var added: [UInt8]
    /// `untilClose` cannot be said in a request and is written as `chunked`.
    package var framing: BodyFraming

    package init(
        authority: [UInt8]? = nil, stripPrefix: [UInt8] = [], addPrefix: [UInt8] = [], added: [UInt8] = [],
        framing: BodyFraming
    ) {
        self.addPrefix = addPrefix
        self.authority = authority
        self.stripPrefix = stripPrefix
        self.added = added
        self.framing = framing
    }
}

/// Appends the head of a request for the upstream: a request line, our Host, the fields that go on, our own framing,
/// what the gateway adds, and the empty line.
package func writeRequest(_ head: borrowing RequestHead, _ forwarding: RequestForwarding, into out: inout [UInt8]) {
    out.reserveCapacity(out.count + head.bytes.count + forwarding.added.count + 128)
    writeRequestLine(head, forwarding, into: &out)
    out.append("Host: ")
    if let authority = forwarding.authority {
        out.append(contentsOf: authority)
    } else {
        out.append(head.authority, of: head.bytes)
    }
    out.append("\r\n")
    writeForwardedFields(head.fields, of: head.bytes, into: &out)
    if let hops = head.maxForwards {
        out.append("Max-Forwards: ")
        out.append(decimal: UInt64(hops == 0 ? 0 : hops - 1))
        out.append("\r\n")
    }
    writeConnection(head, into: &out)
    writeFraming(forwarding.framing == .untilClose ? .chunked : forwarding.framing, into: &out)
    out.append(contentsOf: forwarding.added)
    out.append("\r\n")
}

/// What of the client's wishes for its own connection is a wish of ours for this one, too.
private func writeConnection(_ head: borrowing RequestHead, into out: inout [UInt8]) {
    if let tunnel = head.tunnel {
        out.append("Connection: Upgrade\r\nUpgrade: ")
        out.append(tunnel.token)
        out.append("\r\n")
    } else if head.acceptsTrailers {
        out.append("Connection: TE\r\nTE: trailers\r\n")
    }
}

private func writeRequestLine(
    _ head: borrowing RequestHead, _ forwarding: borrowing RequestForwarding, into out: inout [UInt8]
) {
    out.append(head.method, of: head.bytes)
    out.append(ASCII.space)
    appendTarget(head, forwarding, into: &out)
    out.append(" HTTP/1.1\r\n")
}

/// The path without one prefix and with another, and the query.
func appendTarget(
    _ head: borrowing RequestHead, _ forwarding: borrowing RequestForwarding, into out: inout [UInt8]
) {
    let isPath = !head.isAboutServer
    if isPath { out.append(contentsOf: forwarding.addPrefix) }
    head.appendTarget(without: forwarding.stripPrefix, into: &out)
}

extension RequestHead {
    /// Path and query as an upstream or another server gets to see them: the path without `prefix`, beginning with "/".
    package func appendTarget(without prefix: [UInt8], into out: inout [UInt8]) {
        let path = stripped(self.path, prefix, in: bytes)
        if path.isEmpty { out.append(ASCII.slash) } else { out.append(path, of: bytes) }
        if let query {
            out.append(ASCII.question)
            out.append(query, of: bytes)
        }
    }
}

/// The path without `prefix`, if it begins with it and the prefix ends where a segment does.
private func stripped(_ path: Range<Int>, _ prefix: [UInt8], in bytes: borrowing [UInt8]) -> Range<Int> {
    let end = path.lowerBound + prefix.count
    guard !prefix.isEmpty, end <= path.upperBound, bytes[path.lowerBound..<end].elementsEqual(prefix),
        end == path.upperBound || bytes[end] == ASCII.slash
    else { return path }
    return end..<path.upperBound
}
