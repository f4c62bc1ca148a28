import SallyportModel

/// What a load balancer says about a connection that it made for somebody else (PROXY protocol, versions 1 and 2, as of
/// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
package struct ProxyHeader: Sendable, Hashable {
    /// The two ends that the client saw. Nil when the peer speaks for itself, such as for a health check (`LOCAL`,
    /// `UNKNOWN`, unix sockets).
    package var addresses: Addresses?
    /// The name that the client asked for, and the protocol that was agreed on, as the peer says.
    package var authority: String?
    package var alpn: [UInt8]?

    package struct Addresses: Sendable, Hashable {
        package var source: Endpoint
        package var destination: Endpoint

        /// Nil when the two are of different families.
        package init?(source: Endpoint, destination: Endpoint) {
            guard source.address.count == destination.address.count else { return nil }
            self.source = source
            self.destination = destination
        }
    }

    package struct Endpoint: Sendable, Hashable {
        /// 4 or 16 bytes in network order.
        package let address: [UInt8]
        package let port: UInt16

        /// Nil for an address of another length.
        package init?(address: [UInt8], port: UInt16) {
            guard address.count == 4 || address.count == 16 else { return nil }
            self.address = address
            self.port = port
        }
    }

    package init(addresses: Addresses? = nil, authority: String? = nil, alpn: [UInt8]? = nil) {
        self.addresses = addresses
        self.authority = authority
        self.alpn = alpn
    }

    static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
    static let textPrefix = Array("PROXY ".utf8)
    /// Bytes, with the line's end.
    static let mostText = 107
    /// Bytes behind the first sixteen.
    package static let mostContent = 2048
}

/// Why a header is not believed. The connection is over.
package struct ProxyFault: Error, Sendable, Hashable {
    package let reason: Reason
    package let detail: String

    package init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}
