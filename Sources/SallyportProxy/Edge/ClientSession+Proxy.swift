import SallyportConfig
import SallyportEdge
import SallyportTLS

extension ClientSession {
    /// What an upstream is told about this client before anything else.
    func proxyHeader(_ version: ProxyVersion) -> [UInt8] {
        var ends: ProxyHeader.Addresses?
        if let source = addresses.client?.proxyEndpoint, let destination = addresses.local?.proxyEndpoint {
            ends = ProxyHeader.Addresses(source: source, destination: destination)
        }
        let writer = ProxyHeaderWriter(
            addresses: ends, authority: established.sni, alpn: established.tls.alpn.map { Array($0.utf8) },
            commonName: identity?.certificate.commonName, tlsVersion: established.tls.version.rawValue)
        return version == .v1 ? writer.text() : writer.binary()
    }
}
