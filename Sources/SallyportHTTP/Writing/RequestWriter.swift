/// What the gateway decides about a request on its way to the upstream.
package struct RequestForwarding: Sendable {
    /// The Host to send; nil sends the client's own.
    package var authority: [UInt8]?
    /// Removed from the front of the path, on a segment boundary; without trailing slash. Empty removes nothing.
    package var stripPrefix: [UInt8]
    /// Complete `name: value` lines with line ends, written as they are.
    package var added: [UInt8]
    package var framing: BodyFraming

    package init(authority: [UInt8]? = nil, stripPrefix: [UInt8] = [], added: [UInt8] = [], framing: BodyFraming) {
        self.authority = authority
        self.stripPrefix = stripPrefix
        self.added = added
        self.framing = framing
    }
}

package func writeRequest(_ head: borrowing RequestHead, _ forwarding: RequestForwarding, into out: inout [UInt8]) {}
