/// What to fetch, whom to believe and how much to bear. Cookies, credentials and proxies do not exist here.
package struct FetchRequest: Sendable {
    package var method: Method
    package var url: FetchURL
    /// Besides Host, Content-Length, Connection and Accept-Encoding, which the fetcher writes itself.
    package var fields: [FetchField]
    /// The content of a POST; without effect on the other methods.
    package var body: [UInt8]
    package var trust: FetchTrust
    package var bounds: FetchBounds

    package enum Method: String, Sendable, Hashable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    package init(
        _ method: Method = .get, _ url: FetchURL, fields: [FetchField] = [], body: [UInt8] = [],
        trust: FetchTrust = .system, bounds: FetchBounds = FetchBounds()
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.trust = trust
        self.bounds = bounds
    }
}

/// Whose signature makes an `https` server the one that was meant.
package enum FetchTrust: Sendable {
    /// The roots of the operating system.
    case system
    /// These and no others; at least one, or no server is believed. The built-in authority is one of these.
    case anchors([TrustAnchor])
}

package struct FetchBounds: Sendable, Hashable {
    /// From the call to the last byte, redirects and name resolution included.
    package var total: Duration
    /// Of each connection: name resolution, TCP and TLS.
    package var connect: Duration
    /// Content of the answer, bytes.
    package var content: Int
    /// Redirects that are followed, 0 to 5.
    package var redirects: Int

    /// More have no honest use.
    package static let mostRedirects = 5

    package init(
        total: Duration = .seconds(30), connect: Duration = .seconds(10), content: Int = 1 << 20,
        redirects: Int = mostRedirects
    ) {
        self.total = total
        self.connect = connect
        self.content = content
        self.redirects = min(redirects, Self.mostRedirects)
    }
}

/// A header field. Made only of what can stand in one line (RFC 9110 §5.5).
package struct FetchField: Sendable, Hashable {
    /// Lower-case token.
    package let name: String
    package let value: String

    /// Nil when the name is no token or the value has a character that ends a line or cannot be seen.
    package init?(_ name: String, _ value: String) {
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte),
            value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        self.name = name.lowercased()
        self.value = value
    }

    private init(known name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Letters, digits and hyphens: every registered name; less than a token, RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"): true
        default: false
        }
    }

    /// A media type that the code names itself.
    package static func contentType(_ type: StaticString) -> FetchField { FetchField(known: "content-type", "\(type)") }
    package static func accept(_ type: StaticString) -> FetchField { FetchField(known: "accept", "\(type)") }
}
