/// What the gateway decides about a response on its way to the client.
package struct ResponseForwarding: Sendable {
    package var framing: BodyFraming
    /// Ends the connection after this response.
    package var close: Bool
    /// Complete `name: value` lines with line ends, written as they are.
    package var added: [UInt8]
    /// The client speaks HTTP/1.0: no chunks, and the connection closes.
    package var http10Client: Bool

    package init(framing: BodyFraming, close: Bool = false, added: [UInt8] = [], http10Client: Bool = false) {
        self.framing = framing
        self.close = close
        self.added = added
        self.http10Client = http10Client
    }
}

package func writeResponse(_ head: borrowing ResponseHead, _ forwarding: ResponseForwarding, into out: inout [UInt8]) {}
