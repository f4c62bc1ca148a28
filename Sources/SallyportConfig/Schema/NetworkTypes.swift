import SallyportHTTP
import SallyportModel

extension ValueType<SocketAddressText> {
    /// `:443`, `127.0.0.1:8443`, `[::1]:8443`, `gateway.example.org:443`.
    static func address() -> ValueType {
        let shape = ScalarShape(
            words: "an address such as 127.0.0.1:8443 or \":8443\"",
            pattern: #"(\[[0-9A-Fa-f:.]+\]|[^:\[\]/]*):[0-9]{1,5}"#,
            examples: ["\":8443\"", "127.0.0.1:8443", "\"[::1]:8443\""])
        return .scalar(shape, text: \.text) { text throws(ValueError) in try SocketAddressText(parsing: text) }
    }
}

extension SocketAddressText {
    /// As it stands in a file.
    package var text: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    init(parsing text: String) throws(ValueError) {
        let form = "HOST:PORT, or :PORT for every address"
        if text.contains("://") {
            throw ValueError(message: "an address is no URL", label: form, help: ["leave the scheme out"])
        }
        guard let colon = text.lastIndex(of: ":") else {
            throw ValueError(
                message: "address \"\(text)\" has no port", label: form,
                help: text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? ["write \":\(text)\""] : [])
        }
        let port = try PortText.parse(text[text.index(after: colon)...])
        var host = String(text[..<colon])
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard HostText.isIPv6(host) else {
                throw ValueError(message: "\"\(host)\" is no IPv6 address", label: form)
            }
        } else if HostText.isIPv6(text) || HostText.isIPv6(host) {
            throw ValueError(
                message: "an IPv6 address needs brackets", label: form, help: ["write \"[\(host)]:\(port)\""])
        } else if !host.isEmpty && !HostText.isIPv4(host) && !HostText.isName(host) {
            throw ValueError(message: "\"\(host)\" is neither an IP address nor a host name", label: form)
        }
        self.init(host: host.lowercased(), port: port)
    }
}

enum PortText {
    static func parse(_ text: some StringProtocol) throws(ValueError) -> UInt16 {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw ValueError(message: "\"\(text)\" is no port", label: "1 … 65535")
        }
        guard let port = UInt16(text), port > 0 else {
            throw ValueError(reason: .outOfRange, message: "port \(text) is out of range", label: "1 … 65535")
        }
        return port
    }
}

extension ValueType<UpstreamTarget> {
    /// `http://HOST:PORT` or `https://HOST:PORT`.
    static func target() -> ValueType {
        let shape = ScalarShape(
            words: "a URL such as https://10.0.0.11:8443", pattern: "https?://[^/?#@]+/?",
            examples: ["https://10.0.0.11:8443", "http://127.0.0.1:9000"])
        return .scalar(shape, text: \.url) { text throws(ValueError) in try UpstreamTarget(parsing: text) }
    }
}

extension UpstreamTarget {
    package var url: String { "\(scheme.rawValue)://\(authority)" }

    init(parsing text: String) throws(ValueError) {
        let form = "http://HOST[:PORT] or https://HOST[:PORT]"
        let lower = text.lowercased()
        let found: Scheme? = lower.hasPrefix("https://") ? .https : lower.hasPrefix("http://") ? .http : nil
        guard let scheme = found else {
            throw ValueError(
                message: "\"\(text)\" is no http or https URL", label: form,
                help: text.contains("://") ? [] : ["write http://\(text) or https://\(text)"])
        }
        let rest = text.dropFirst(scheme.rawValue.count + 3)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        let tail = rest[end...]
        if authority.contains("@") {
            throw ValueError(
                message: "a target has no user name or password in it", label: form,
                help: ["present a client certificate with `tls.present`"])
        }
        if tail != "" && tail != "/" {
            throw ValueError(
                message: "a target has no path; the request's own path is forwarded", label: form,
                help: ["remove \"\(tail)\"; `forward.stripPrefix` takes a prefix away"])
        }
        let (host, port) = try Self.split(authority, scheme, form)
        self.init(scheme: scheme, host: host, port: port)
    }

    private static func split(
        _ authority: Substring, _ scheme: Scheme, _ form: String
    ) throws(ValueError) -> (String, UInt16) {
        let standard: UInt16 = scheme == .https ? 443 : 80
        if authority.hasPrefix("["), let bracket = authority.lastIndex(of: "]") {
            let host = String(authority[authority.index(after: authority.startIndex)..<bracket])
            let rest = authority[authority.index(after: bracket)...]
            guard HostText.isIPv6(host), rest.isEmpty || rest.hasPrefix(":") else {
                throw ValueError(message: "\"\(authority)\" is no IPv6 address in brackets", label: form)
            }
            return (host.lowercased(), rest.isEmpty ? standard : try PortText.parse(rest.dropFirst()))
        }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = parts.first.map(String.init) ?? ""
        guard HostText.isIPv4(host) || HostText.isName(host) else {
            throw ValueError(message: "\"\(host)\" is neither an IP address nor a host name", label: form)
        }
        return (host.lowercased(), parts.count == 2 ? try PortText.parse(parts[1]) : standard)
    }
}

extension ValueType<HostPattern> {
    /// `api.example.org` or `*.example.org`.
    static func host() -> ValueType {
        let shape = ScalarShape(
            words: "a host such as api.example.org or *.example.org",
            examples: ["api.example.org", "\"*.example.org\""])
        return .scalar(shape, text: \.text) { text throws(ValueError) in
            if text.hasPrefix("*.") {
                let suffix = String(text.dropFirst(2))
                guard HostText.isName(suffix), suffix.contains(".") else { throw malformed(text) }
                return .wildcard(suffix.lowercased())
            }
            if text.hasPrefix("["), text.hasSuffix("]"), HostText.isIPv6(String(text.dropFirst().dropLast())) {
                return .exact(text.lowercased())
            }
            guard HostText.isName(text) || HostText.isIPv4(text) else { throw malformed(text) }
            return .exact(text.lowercased())
        }
    }

    private static func malformed(_ text: String) -> ValueError {
        let label = "such as api.example.org, or *.example.org for one label in front"
        if text == "*" {
            return ValueError(message: "\"*\" is no host", label: label, help: ["leave `host` out to match any host"])
        }
        if text.contains("://") {
            return ValueError(message: "\"\(text)\" is a URL, not a host", label: label)
        }
        if let colon = text.firstIndex(of: ":"), HostText.isName(String(text[..<colon])) {
            return ValueError(
                message: "a host is matched without its port", label: label, help: ["write \(text[..<colon])"])
        }
        if text.hasSuffix("."), HostText.isName(String(text.dropLast())) {
            return ValueError(
                message: "a host is matched without the dot at its end", label: label,
                help: ["write \(text.dropLast())"])
        }
        return ValueError(message: "\"\(text)\" is no host name", label: label)
    }
}

extension HostPattern {
    /// As it stands in a file; `any` has no text there.
    package var text: String {
        switch self {
        case .any: "any"
        case .exact(let host): host
        case .wildcard(let suffix): "*." + suffix
        }
    }
}

extension ValueType<PathPattern> {
    /// `/orders`, `/orders/*`, `/`.
    static func path() -> ValueType {
        let shape = ScalarShape(
            words: "a path such as /orders, or /orders/* for all below", pattern: "/.*",
            examples: ["/", "/orders", "/orders/*"])
        return .scalar(shape, text: \.text) { text throws(ValueError) in
            if text == "/" || text == "/*" { return .prefix("") }
            if text.hasSuffix("/*") { return .prefix(try PathText.prefix(String(text.dropLast(2)), shown: text)) }
            return .exact(try PathText.normal(text, shown: text))
        }
    }
}

extension PathPattern {
    /// As it stands in a file.
    package var text: String {
        switch self {
        case .exact(let path): path
        case .prefix(let prefix): prefix.isEmpty ? "/" : prefix + "/*"
        }
    }
}

enum PathText {
    private static let label = "such as /orders or /orders/*"

    /// The path, proved to be in the form in which requests are compared; anything else could never match.
    static func normal(_ path: String, shown: String) throws(ValueError) -> String {
        let normal = try normalized(path, shown: shown)
        if normal != path { throw notNormal(shown, better: normal) }
        return path
    }

    /// The path in front of `/*`, without a slash at its end.
    static func prefix(_ path: String, shown: String) throws(ValueError) -> String {
        var normal = try normalized(path, shown: shown)
        while normal.hasSuffix("/") { normal.removeLast() }
        if normal != path { throw notNormal(shown, better: normal + "/*") }
        return path
    }

    private static func normalized(_ path: String, shown: String) throws(ValueError) -> String {
        if !path.hasPrefix("/") {
            throw ValueError(
                message: "path \"\(shown)\" does not start with /", label: label, help: ["write /\(shown)"])
        }
        if path.contains("*") {
            throw ValueError(
                message: "`*` may only stand at the end, behind a /", label: label,
                help: ["write /prefix/* for everything below /prefix"])
        }
        if path.contains("?") || path.contains("#") {
            throw ValueError(message: "a path has no query and no fragment", label: label)
        }
        guard let normal = NormalizedPath(path)?.text else {
            throw ValueError(message: "path \"\(shown)\" would be refused in a request", label: label)
        }
        return normal
    }

    private static func notNormal(_ shown: String, better: String) -> ValueError {
        ValueError(
            message: "path \"\(shown)\" is not in the form in which requests are compared", label: label,
            help: ["write \(better)"])
    }
}

extension ValueType<String> {
    /// A method token; case counts (RFC 9110 §9.1).
    static func method() -> ValueType {
        let shape = ScalarShape(words: "a method such as GET", pattern: "[A-Z][A-Z0-9-]*", examples: ["GET", "POST"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let isUpper = text.utf8.allSatisfy {
                (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            }
            if !text.isEmpty && text.utf8.count <= 32 && isUpper { return text }
            let upper = text.uppercased()
            throw ValueError(
                message: "\"\(text)\" is no method", label: "capital letters, such as GET",
                help: Methods.registered.contains(upper) ? ["write \(upper)"] : [])
        }
    }

    /// A path without a slash at its end, to be taken away from the front of others.
    static func pathPrefix() -> ValueType {
        let shape = ScalarShape(words: "a path such as /orders", pattern: "/.*[^/]", examples: ["/orders"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            if text.hasSuffix("/") {
                throw ValueError(
                    message: "a prefix has no / at its end",
                    help: text.count > 1 ? ["write \(text.dropLast())"] : ["remove the key: nothing is stripped"])
            }
            return try PathText.normal(text, shown: text)
        }
    }
}

enum Methods {
    /// The IANA registry of HTTP methods, but for CONNECT, PRI and `*`.
    static let registered = [
        "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "DELETE", "GET", "HEAD", "LABEL", "LINK",
        "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "OPTIONS",
        "ORDERPATCH", "PATCH", "POST", "PROPFIND", "PROPPATCH", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "TRACE",
        "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
    ]
}

extension ValueType<[HeaderMatch]> {
    /// A mapping from field names to the values they must have.
    static func headerMatches() -> ValueType {
        let value = ValueType<String>.text("the exact value of the field", examples: ["\"2\""])
        return ValueType(shape: .named(value.shape, noun: "field value", pattern: "[!-9;-~]{1,128}")) {
            node, path, session in
            guard case .mapping(let entries) = node.content else {
                session.report(
                    .wrongType, "expected a mapping from field names to values, found \(node.kindInWords)",
                    at: node.span, path: path)
                return nil
            }
            var names: [String: Span] = [:]
            return entries.compactMap { entry in
                let inner = path.key(entry.key)
                let name = entry.key.lowercased()
                guard FieldName.isToken(entry.key) else {
                    session.report(
                        .malformedValue, "\"\(entry.key)\" is no field name", at: entry.keySpan, path: inner)
                    return nil
                }
                if let first = names.updateValue(entry.keySpan, forKey: name) {
                    session.report(
                        .duplicateKey, "field \(name) stands twice; letter case makes no difference",
                        at: entry.keySpan, path: inner, related: (first, "first here"))
                }
                return value.decodePresent(entry.value, inner, session).map { HeaderMatch(name: name, value: $0) }
            }
        } text: { _ in
            "{}"
        }
    }
}
