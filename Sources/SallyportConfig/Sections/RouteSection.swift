import SallyportModel

struct RouteDraft: Sendable {
    var name: Located<String>?
    var listener: Located<String>?
    var match: Located<MatchDraft>?
    var allow: Located<AllowDraft>?
    var because: Because
    var clientCertificate: Located<ClientCertificates.Mode>?
    var forward: Located<ForwardDraft>?
    var compress: [Compression]
    var destination: Located<Destination>?
    var split: Located<[SplitPart]>?
    var mirror: MirrorDraft?
    var policies: [Located<String>]
    var redirect: Redirect?
    /// Whether nothing is wrong with the route by itself, so that it can be compared with others.
    var isSound: Bool
    /// Where to point for something about the route as a whole.
    var place: Span

    enum Destination: Sendable {
        case upstream(String)
        case target(UpstreamTarget)
    }
}

struct MatchDraft: Sendable {
    var host: Located<HostPattern>?
    var path: Located<PathPattern>?
    var methods: [Located<String>]
    var headers: [HeaderMatch]
}

enum AllowDraft: Sendable {
    case identities([Located<String>])
    case anyone
}

struct ForwardDraft: Sendable {
    var stripPrefix: Located<String>?
    var addPrefix: String?
    var clientCertificate: Located<[Located<Forward.ClientCertificateHeader>]>?
}

enum RouteSection {
    static let name = Field(
        "name", .reference(to: "the route, for logs and metrics"), otherwise: "routes[N], counted from 0",
        "What logs and metrics call the route.")
    static let listener = Field(
        "listener", .reference(to: "a listener"), otherwise: "every listener with `tls`",
        "The listener that the route belongs to.")
    static let match = Field("match", MatchSection.type, required: true, "Which requests the route takes.")
    static let allow = Field(
        "allow", .allow(), otherwise: "nobody",
        "Who may use the route: a list of identities and groups, or `anyone` that the listener lets in.",
        danger: "`anyone` needs `because`.")
    static let because = Because.field("when `allow` is anyone")
    static let clientCertificate = Field(
        "clientCertificate", .choice(noun: "demand for a client certificate"), otherwise: "what the handshake asks",
        """
        With require, a client that came without certificate is answered 403, where listener or host have mode \
        optional. A route cannot ask for less than the handshake.
        """) as Field<ClientCertificates.Mode>
    static let forward = Field("forward", ForwardSection.type, "How the request is changed on its way.")
    static let compress = Field(
        "compress", .list(of: .choice(noun: "content coding") as ValueType<Compression>, count: 0...2),
        otherwise: "nothing is compressed",
        """
        Content codings for textual responses, the preferred one first, for clients that accept them. What is compressed \
        already, shorter than 1 KiB, an event stream, or marked no-transform stays as it is.
        """,
        danger: """
            The length of a compressed response that holds a secret beside text of an attacker's choice gives the secret \
            away (BREACH).
            """)
    static let to = Field(
        "to", .destination(), otherwise: "`redirect` must be there",
        "An upstream by name, or the URL of a single server.")
    static let redirect = Field(
        "redirect", RedirectSection.type, otherwise: "requests are forwarded",
        "Sends clients elsewhere instead of forwarding what they ask.")
    static let split = Field(
        "split", .split(), otherwise: "any target",
        """
        What share of the requests goes to the targets with a label, as weights: `{v1: 90, v2: 10}`. With `balance: hash` whoever has a key stays with a part.
        """)
    static let mirror = Field(
        "mirror", MirrorSection.type, otherwise: "nothing is copied",
        "Copies requests to another upstream, whose answers are thrown away; content beyond 64KiB is not copied.")

    static let policies = Field(
        "policies", .list(of: .reference(to: "a policy"), count: 1...64), otherwise: "only `baseline`",
        "What the route demands beside `baseline`, by the names of `policies`; all of them hold.")

    static let type = ValueType.record(
        "a route",
        [
            name.row, listener.row, match.row, allow.row, because.row, clientCertificate.row, forward.row, compress.row,
            to.row, redirect.row, split.row, mirror.row, policies.row,
        ], rules: [.exactlyOne(["to", "redirect"])]
    ) { record in
        // Arguments are evaluated in order, so `isSound` knows about all the keys before it.
        RouteDraft(
            name: record[name], listener: record[listener], match: record[match], allow: record[allow],
            because: record.because(because), clientCertificate: record[clientCertificate], forward: record[forward],
            compress: record[compress]?.value.map(\.value) ?? [], destination: record[to],
            split: record[split], mirror: record[mirror]?.value,
            policies: record[policies]?.value ?? [], redirect: record[redirect]?.value,
            isSound: record.isSound, place: record.entries.first?.keySpan ?? record.span)
    }
}

enum MatchSection {
    static let host = Field(
        "host", .host(), otherwise: "any host",
        "The host of the request: the whole one, or `*.SUFFIX` for one label in front.")
    static let path = DefaultedField(
        "path", .path(), default: PathPattern.prefix(""),
        "The path of the request: the whole one, or `PREFIX/*` for it and all below; `/` is every path.")
    static let methods = Field(
        "methods", .list(of: .method(), count: 1...64), otherwise: "every method", "The methods of the request.")
    static let headers = Field(
        "headers", .headerMatches(), otherwise: "none", "Header fields that must have exactly these values.")

    static let type = ValueType.record(
        "`match`", [host.row, path.row, methods.row, headers.row], rules: [.atLeastOne]
    ) { record in
        MatchDraft(
            host: record[host], path: record.located(path), methods: record[methods]?.value ?? [],
            headers: record[headers]?.value ?? [])
    }
}

enum ForwardSection {
    static let stripPrefix = Field(
        "stripPrefix", .pathPrefix(), otherwise: "nothing",
        "Taken away from the front of the path before it is forwarded.")
    static let clientCertificate = Field(
        "clientCertificate",
        .list(
            of: .choice(noun: "client-certificate header") as ValueType<Forward.ClientCertificateHeader>, count: 0...2),
        otherwise: "not told",
        """
        How the upstream is told about the client's certificate: rfc9440 is Client-Cert, xfcc is \
        X-Forwarded-Client-Cert.
        """)

    static let addPrefix = Field(
        "addPrefix", .pathPrefix(), otherwise: "nothing",
        "Put in front of the path, after `stripPrefix`, before it is forwarded.")

    static let type = ValueType.record(
        "`forward`", [stripPrefix.row, addPrefix.row, clientCertificate.row]
    ) { record in
        ForwardDraft(
            stripPrefix: record[stripPrefix], addPrefix: record[addPrefix]?.value, clientCertificate: record[clientCertificate])
    }
}

enum RedirectSection {
    static let to = Field(
        "to", .uriReference(), required: true, "Where to: a URL, or a path on the same host.")
    static let status = DefaultedField(
        "status", .redirectStatus(), default: 308,
        "307 and 308 keep method and content; 301, 302 and 303 may turn them into GET. 301 and 308 are remembered.")
    static let keepPath = Field(
        "keepPath", .isTrue(), otherwise: "`to` is the whole answer",
        "Puts path, without `forward.stripPrefix`, and query of the request behind `to`.")

    static let type = ValueType.record("`redirect`", [to.row, status.row, keepPath.row]) { record -> Redirect? in
        let (to, status, keepPath) = (record[to]?.value, record[status], record[keepPath]?.value ?? false)
        return to.map { Redirect(to: $0, status: status, keepsPath: keepPath) }
    }
}

extension ValueType<UInt16> {
    static func redirectStatus() -> ValueType {
        let known: [UInt16] = [301, 302, 303, 307, 308]
        let shape = ScalarShape(words: "301, 302, 303, 307 or 308", json: .integer, bounds: 301...308)
        return .scalar(shape, text: String.init) { text throws(ValueError) in
            guard let status = UInt16(text), known.contains(status) else {
                throw ValueError(message: "\"\(text)\" sends nobody elsewhere", label: "one of 301, 302, 303, 307, 308")
            }
            return status
        }
    }
}

extension ValueType<String> {
    /// An absolute `http` or `https` URL, or a path (RFC 3986 §4.1); nothing that could end a header line.
    static func uriReference() -> ValueType {
        let shape = ScalarShape(
            words: "a URL or a path", pattern: "(https?://|/).*", examples: ["https://www.example.org", "/new"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let label = "such as https://www.example.org or /new"
            let starts = text.hasPrefix("https://") || text.hasPrefix("http://") || text.hasPrefix("/") && !text.hasPrefix("//")
            guard starts, text.utf8.count <= 2048,
                text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && ![0x22, 0x3C, 0x3E, 0x5C].contains($0) })
            else {
                throw ValueError(message: "\"\(text)\" is neither a URL nor a path", label: label)
            }
            return text
        }
    }
}

extension ValueType<AllowDraft> {
    static func allow() -> ValueType {
        let names = ValueType<[Located<String>]>.list(of: .reference(to: "an identity"), count: 0...1000)
        let word = ScalarShape(words: "`anyone`", choices: ["anyone"])
        return ValueType(shape: .either(word, names.shape)) { node, path, session in
            guard case .text(let text, _) = node.content else {
                return names.decode(node, path, session).map { .identities($0) }
            }
            if text == "anyone" { return .anyone }
            session.report(
                .wrongType, "`allow` is a list of identities, or `anyone`", at: node.span, label: "not a list",
                help: [text == "nobody" ? "write [] for nobody" : "write [\(text)]"], path: path)
            return nil
        } text: { _ in
            "[]"
        }
    }
}

extension ValueType<RouteDraft.Destination> {
    static func destination() -> ValueType {
        let shape = ScalarShape(
            words: "the name of an upstream, or a URL such as http://127.0.0.1:9000",
            examples: ["orders", "http://127.0.0.1:9000"])
        return .scalar(shape) { _ in
            ""
        } parse: { text throws(ValueError) in
            if NameRule.problem(with: text) == nil { return .upstream(text) }
            if text.contains("://") || text.contains(":") || text.contains("/") {
                return .target(try UpstreamTarget(parsing: text))
            }
            throw ValueError(
                message: "\"\(text)\" is neither the name of an upstream nor a URL", label: "expected \(shape.words)")
        }
    }
}
