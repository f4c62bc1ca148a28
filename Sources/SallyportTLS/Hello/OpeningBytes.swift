import SallyportModel

/// Tells what a connection is that does not begin with a TLS handshake record.
enum OpeningBytes {
    /// No decision needs more than this.
    static let maximum = 17

    enum Kind: Equatable {
        case needMore
        case plainHTTP
        case refused(HelloFault)
    }

    /// - Parameter bytes: the first bytes of the connection, at least one.
    static func classify(_ bytes: [UInt8]) -> Kind {
        guard let first = bytes.first else { return .needMore }
        switch first {
        case 0x15: return .refused(HelloFault(.alertFirst, "the first record is an alert"))
        case 0x0D: return proxyVersion2(bytes)
        case 0x80...: return sslVersion2(bytes)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return word(bytes)
        default: return .refused(notTLS)
        }
    }

    private static let notTLS = HelloFault(.notTLS, "the first bytes are no TLS record")

    /// A method and a space is HTTP (RFC 9112 section 3); `PROXY` and a space is the PROXY protocol in text form.
    private static func word(_ bytes: [UInt8]) -> Kind {
        let word = bytes.prefix { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        guard word.count < bytes.count else { return bytes.count < maximum ? .needMore : .refused(notTLS) }
        guard bytes[word.count] == UInt8(ascii: " "), word.count >= 3 else { return .refused(notTLS) }
        return word.elementsEqual("PROXY".utf8) ? .refused(proxy) : .plainHTTP
    }

    private static let proxy = HelloFault(.proxyProtocol, "the first bytes are a PROXY protocol header")
    private static let proxySignature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    private static func proxyVersion2(_ bytes: [UInt8]) -> Kind {
        let length = min(bytes.count, proxySignature.count)
        guard bytes.prefix(length) == proxySignature.prefix(length) else { return .refused(notTLS) }
        return length == proxySignature.count ? .refused(proxy) : .needMore
    }

    /// RFC 5246 appendix E.2: a two-byte length with the top bit set, then client_hello.
    private static func sslVersion2(_ bytes: [UInt8]) -> Kind {
        guard bytes.count >= 3 else { return .needMore }
        guard bytes[2] == 1 else { return .refused(notTLS) }
        return .refused(HelloFault(.sslVersion2, "the first message has the form of SSL 2.0"))
    }
}
