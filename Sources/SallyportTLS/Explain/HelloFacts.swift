import SallyportModel

/// What a ClientHello says, in words. Values that offer nothing (RFC 8701) are left out.
extension ClientHello {
    package var facts: [Timeline.Fact] {
        var facts = [
            Timeline.Fact("server name", sni ?? "none was sent"),
            Timeline.Fact("versions", Self.offered(versions).map { WireVersion(rawValue: $0).name }),
            Timeline.Fact("cipher suites", Self.offered(cipherSuites).map { CipherSuite(rawValue: $0).name }),
            Timeline.Fact("groups", Self.offered(groups).map { NamedGroup(rawValue: $0).name }),
            Timeline.Fact("signatures", Self.offered(signatureAlgorithms).map { SignatureScheme(rawValue: $0).name }),
            Timeline.Fact("protocols", offeredProtocols),
        ]
        if hasPreSharedKey || hasSessionTicket { facts.append(.init("session", "wants to resume an earlier one")) }
        if hasEarlyData { facts.append(.init("early data", "sent along; it is not accepted here")) }
        return facts
    }

    /// Application protocols as text.
    var offeredProtocols: [String] {
        alpn.filter { !Self.isGREASE($0) }.map { name in
            name.allSatisfy { (0x21...0x7E).contains($0) }
                ? String(decoding: name.prefix(32), as: UTF8.self) : "(not text)"
        }
    }

    static func offered(_ numbers: [UInt16]) -> [UInt16] { numbers.filter { !GREASE.contains($0) } }

    private static func isGREASE(_ name: [UInt8]) -> Bool {
        name.count == 2 && name[0] == name[1] && name[0] & 0x0F == 0x0A
    }
}
