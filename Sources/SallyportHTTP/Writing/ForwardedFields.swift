import SallyportModel

/// What upstreams are told about the client, as complete field lines. The part that does not change during a
/// connection is computed once.
package struct ForwardedFields: Sendable {
    /// - Parameters:
    ///   - client: the peer's IP address as text, without brackets.
    ///   - scheme: `https` or `http`, as the client used it.
    ///   - port: the port the client connected to.
    package init(client: String, scheme: StaticString = "https", port: UInt16) {}

    /// Appends X-Forwarded-For, -Proto, -Host and -Port, Forwarded, Via and X-Request-Id.
    package func write(for head: borrowing RequestHead, requestID: some StringProtocol, into out: inout [UInt8]) {}

    /// Client-Cert and Client-Cert-Chain (RFC 9440). Compute it once per connection.
    package static func rfc9440(_ identity: Identity) -> [UInt8] { [] }

    /// X-Forwarded-Client-Cert as Envoy writes it. Compute it once per connection.
    /// - Parameter by: the gateway's own URI, if its certificate has one.
    package static func xfcc(_ identity: Identity, by: String? = nil) -> [UInt8] { [] }
}
