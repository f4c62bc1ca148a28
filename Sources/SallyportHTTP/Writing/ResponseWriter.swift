/// What the gateway decides about a response on its way to the client.
package struct ResponseForwarding: Sendable {
    /// Towards the client, as `clientFraming` gives it.
    package var framing: BodyFraming
    /// Ends the connection after this response.
    package var close: Bool
    /// Complete `name: value` lines with line ends, written as they are.
    package var added: [UInt8]
    /// After 101.
    package var tunnel: TunnelProtocol?
    /// The client speaks HTTP/1.0: no chunks, and the connection closes.
    package var http10Client: Bool

    package init(
        framing: BodyFraming, close: Bool = false, added: [UInt8] = [], http10Client: Bool = false,
        tunnel: TunnelProtocol? = nil
    ) {
        self.framing = framing
        self.close = close
        self.added = added
        self.http10Client = http10Client
        self.tunnel = tunnel
    }

    /// How content that came with `framing` goes on to the client: where its end is not known beforehand, in chunks,
    /// or until the connection closes if the client knows no chunks.
    package static func clientFraming(_ framing: BodyFraming, http10Client: Bool) -> BodyFraming {
        switch framing {
        case .chunked, .untilClose: http10Client ? .untilClose : .chunked
        case .none, .length: framing
        }
    }
}

/// Appends the head of a response for the client: a status line, the fields that go on, our own framing and
/// Connection, what the gateway adds, and the empty line.
package func writeResponse(_ head: borrowing ResponseHead, _ forwarding: ResponseForwarding, into out: inout [UInt8]) {
    out.reserveCapacity(out.count + head.bytes.count + forwarding.added.count + 96)
    out.append("HTTP/1.1 ")
    out.append(decimal: UInt64(head.status))
    out.append(ASCII.space)
    out.append(head.reasonPhrase, of: head.bytes)
    out.append("\r\n")
    writeForwardedFields(head.fields, of: head.bytes, into: &out)
    writeFraming(of: head, forwarding, into: &out)
    if let tunnel = forwarding.tunnel {
        out.append("Connection: Upgrade\r\nUpgrade: ")
        out.append(tunnel.token)
        out.append("\r\n")
    } else if !head.isInterim, forwarding.close || forwarding.http10Client { out.append("Connection: close\r\n") }
    out.append(contentsOf: forwarding.added)
    out.append("\r\n")
}

/// What follows 101 is no content and has no framing (RFC 9112 §6.1).
private func writeFraming(of head: borrowing ResponseHead, _ forwarding: ResponseForwarding, into out: inout [UInt8]) {
    guard forwarding.tunnel == nil else { return }
    let framing = ResponseForwarding.clientFraming(forwarding.framing, http10Client: forwarding.http10Client)
    if framing == .none, let declared = head.declaredLength {
        writeFraming(.length(declared), into: &out)
    } else {
        writeFraming(framing, into: &out)
    }
}
