import Glibc

/// What the gateway says about its client to an upstream that asks for it.
package struct ProxyHeaderWriter: Sendable {
    /// Nil: who the client is cannot be said.
    package var addresses: ProxyHeader.Addresses?
    package var authority: String?
    package var alpn: [UInt8]?
    /// Of the client's verified certificate; nil when it showed none. Version 2 only, as are the two above.
    package var commonName: String?
    /// Such as `TLSv1.3`; nil when the client does not speak TLS.
    package var tlsVersion: String?

    package init(
        addresses: ProxyHeader.Addresses?, authority: String? = nil, alpn: [UInt8]? = nil, commonName: String? = nil,
        tlsVersion: String? = nil
    ) {
        self.addresses = addresses
        self.authority = authority
        self.alpn = alpn
        self.commonName = commonName
        self.tlsVersion = tlsVersion
    }

    // MARK: version 1

    package func text() -> [UInt8] {
        guard let addresses, let source = Self.words(addresses.source.address),
            let destination = Self.words(addresses.destination.address)
        else { return Array("PROXY UNKNOWN\r\n".utf8) }
        let family = addresses.source.address.count == 4 ? "TCP4" : "TCP6"
        return Array("PROXY \(family) \(source) \(destination) \(addresses.source.port) \(addresses.destination.port)\r\n".utf8)
    }

    private static func words(_ bytes: [UInt8]) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: version 2

    /// With a checksum.
    package func binary() -> [UInt8] {
        var content: [UInt8] = []
        if let addresses {
            content += addresses.source.address + addresses.destination.address
            content += Self.bytes(addresses.source.port) + Self.bytes(addresses.destination.port)
        }
        if let alpn { content += Self.entry(ProxyBinaryBlock.Kind.alpn, alpn.prefix(255)) }
        if let authority { content += Self.entry(ProxyBinaryBlock.Kind.authority, authority.utf8.prefix(255)) }
        if let tlsVersion { content += tls(version: tlsVersion) }
        let family: UInt8 = addresses.map { $0.source.address.count == 4 ? 0x11 : 0x21 } ?? 0x00
        var block = ProxyHeader.signature + [0x21, family] + Self.bytes(UInt16(content.count + 7)) + content
        block += Self.entry(ProxyBinaryBlock.Kind.checksum, [0, 0, 0, 0])
        let sum = CRC32C.of(block)
        block.replaceSubrange((block.count - 4)..., with: (0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * $0)) })
        return block
    }

    /// Flags: TLS is spoken; a certificate was shown on this connection; 0: it was verified.
    private func tls(version: String) -> [UInt8] {
        var value: [UInt8] = [commonName == nil ? 0x01 : 0x03, 0, 0, 0, commonName == nil ? 1 : 0]
        value += Self.entry(0x21, version.utf8.prefix(64))
        if let commonName { value += Self.entry(0x22, commonName.utf8.prefix(255)) }
        return Self.entry(ProxyBinaryBlock.Kind.tls, value)
    }

    private static func entry(_ kind: UInt8, _ value: some Collection<UInt8>) -> [UInt8] {
        [kind] + bytes(UInt16(value.count)) + value
    }

    private static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }
}
