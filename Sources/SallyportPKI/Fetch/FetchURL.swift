/// An absolute http or https URL (RFC 3986, RFC 9110 §4.2), taken apart once and for all.
///
/// Narrower than the RFCs: at most 2048 bytes of visible ASCII, a host that is a DNS name or an address, no user name
/// or password, no fragment. Two parsers can't disagree about what is left.
package struct FetchURL: Sendable, Hashable, CustomStringConvertible {
    package let scheme: Scheme
    /// A name in lower case, or an address without brackets.
    package let host: String
    package let port: UInt16
    /// Path and query as they are asked for; begins with `/`.
    package let target: String

    package enum Scheme: String, Sendable, Hashable {
        case http, https

        var standardPort: UInt16 { self == .https ? 443 : 80 }
    }

    private static let longest = 2048

    private init(scheme: Scheme, host: String, port: UInt16, target: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
    }

    /// Nil for everything that is no such URL.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest, text.utf8.allSatisfy(Self.isURLByte),
            let colon = text.firstIndex(of: ":"),
            let scheme = Scheme(rawValue: text[..<colon].lowercased()), text[colon...].hasPrefix("://")
        else { return nil }
        let rest = text[text.index(colon, offsetBy: 3)...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<end], scheme) else { return nil }
        let tail = String(rest[end...])
        self.init(scheme: scheme, host: host, port: port, target: tail.hasPrefix("/") ? tail : "/" + tail)
    }

    package var text: String { "\(scheme.rawValue)://\(authority)\(target)" }
    package var description: String { text }

    /// For the Host field: without the port that the scheme implies, IPv6 in brackets.
    package var authority: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return port == scheme.standardPort ? shown : "\(shown):\(port)"
    }

    /// What a Location field (RFC 9110 §10.2.2) leads to from here: an absolute URL, one without scheme, or an absolute
    /// path. A path that is relative to this one is not understood, which is nil as well.
    package func following(_ location: String) -> FetchURL? {
        let fragmentless = String(location.prefix { $0 != "#" })
        if fragmentless.hasPrefix("//") { return FetchURL("\(scheme.rawValue):\(fragmentless)") }
        if fragmentless.hasPrefix("/") { return FetchURL("\(scheme.rawValue)://\(authority)\(fragmentless)") }
        return FetchURL(fragmentless)
    }

    /// Bytes that may stand in a URL: visible ASCII, without those that some parser gives a meaning of its own.
    private static func isURLByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "#"):
            false
        default: (0x21...0x7E).contains(byte)
        }
    }

    private static func authority(_ text: Substring, _ scheme: Scheme) -> (host: String, port: UInt16)? {
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            let inner = text[text.index(after: text.startIndex)..<close]
            guard let bytes = IPAddressText.bytes(inner), bytes.count == 16, let host = IPAddressText.text(bytes),
                let port = port(text[text.index(after: close)...], scheme)
            else { return nil }
            return (host, port)
        }
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        let name = text[..<colon]
        guard let port = port(text[colon...], scheme) else { return nil }
        if let bytes = IPAddressText.bytes(name), bytes.count == 4 { return (String(name), port) }
        return DomainName.normalized(Array(name.utf8), allowsWildcard: false).map { ($0, port) }
    }

    /// Nothing, or a colon and 1 to 65535.
    private static func port(_ text: Substring, _ scheme: Scheme) -> UInt16? {
        guard let colon = text.first else { return scheme.standardPort }
        let digits = text.dropFirst()
        guard colon == ":", (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(\.isASCIIDigit),
            let port = UInt16(digits), port > 0
        else { return nil }
        return port
    }
}
