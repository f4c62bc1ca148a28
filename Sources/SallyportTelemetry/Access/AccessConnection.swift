import SallyportModel

/// What every request of one connection shares in the access log, formatted once per connection.
///
/// Make a new one when a connection's identity is looked at again under a new generation.
package final class AccessConnection: Sendable {
    /// `,"client.address":…` and so on: members of a JSON object, each with its leading comma.
    let json: [UInt8]
    /// ` client=…` and so on.
    let text: [UInt8]
    /// For spans, which are written where these bytes are not.
    let clientAddress: String
    let listener: String
    let identity: String?
    /// Of HTTP: `1.1` or `2`.
    let version: String?

    /// - Parameters:
    ///   - peerAddress: IP address in text form.
    ///   - sni: The name of the handshake, as checked by the ClientHello reader.
    ///   - tls: What the handshake agreed on; nil for plain HTTP.
    ///   - ja3: Fingerprint of the ClientHello.
    ///   - ja4: Fingerprint of the ClientHello.
    package init(
        listener: String, peerAddress: String, peerPort: UInt16, sni: String?, tls: AccessTLS?, identity: Identity?,
        ja3: String? = nil, ja4: String? = nil, version: String? = nil
    ) {
        let facts = Facts(
            listener: listener, address: peerAddress, port: peerPort, sni: sni, tls: tls,
            identity: identity, ja3: ja3, ja4: ja4, version: version)
        json = facts.json()
        text = facts.text()
        clientAddress = peerAddress
        self.listener = listener
        self.identity = identity?.displayName
        self.version = version
    }

    private struct Facts {
        let listener, address: String
        let port: UInt16
        let sni: String?
        let tls: AccessTLS?
        let identity: Identity?
        let ja3, ja4: String?
        let version: String?

        func json() -> [UInt8] {
            var line = LineBuffer(capacity: 384)
            line.appendKey("client.address")
            line.appendQuoted(address)
            line.appendKey("client.port")
            line.append(UInt64(port))
            line.appendKey("sallyport.listener")
            line.appendQuoted(listener)
            line.appendOptional("network.protocol.version", version)
            line.appendOptional("tls.protocol.version", tls?.version)
            line.appendOptional("tls.cipher", tls?.cipherSuite)
            line.appendOptional("tls.group", tls?.group)
            if let tls {
                line.appendKey("tls.resumed")
                line.append(tls.resumed ? "true" : "false")
            }
            line.appendOptional("tls.client.server_name", sni)
            line.appendOptional("tls.client.ja3", ja3)
            line.appendOptional("tls.client.ja4", ja4)
            line.appendOptional("sallyport.identity", identity?.displayName)
            line.appendOptional("tls.client.subject", identity?.certificate.subject)
            line.appendOptional("tls.client.serial", identity?.certificate.serial)
            return line.bytes
        }

        func text() -> [UInt8] {
            var line = LineBuffer(capacity: 128)
            line.append(" client=")
            line.appendWord(address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)")
            line.append(" identity=")
            line.appendWord(identity?.displayName ?? "-")
            line.append(" listener=")
            line.appendWord(listener)
            return line.bytes
        }
    }
}

/// What a TLS handshake agreed on, in the names of the IANA registries.
package struct AccessTLS: Sendable {
    /// `TLSv1.2` or `TLSv1.3`.
    package var version: String
    package var cipherSuite: String
    /// Key exchange group.
    package var group: String?
    package var resumed: Bool

    package init(version: String, cipherSuite: String, group: String?, resumed: Bool) {
        self.version = version
        self.cipherSuite = cipherSuite
        self.group = group
        self.resumed = resumed
    }
}

extension LineBuffer {
    mutating func appendOptional(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        appendKey(name)
        appendQuoted(value)
    }
}
