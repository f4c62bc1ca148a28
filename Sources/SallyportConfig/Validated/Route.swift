/// Which requests go where, and for whom.
package struct Route: Sendable, Hashable {
    /// From the file, or `routes[3]`.
    package var name: String
    /// Nil: every TLS listener.
    package var listener: String?
    package var match: RouteMatch
    package var allow: Allow
    /// Whether the client must have shown a certificate, also where the handshake does without one.
    package var requiresCertificate: Bool
    package var forward: Forward
    /// Content codings for responses to clients that accept them, in order of preference; empty leaves them alone.
    package var compress: [Compression]
    /// A key of `Configuration.upstreams`; a URL in the file becomes an upstream under that URL. Nil: see `redirect`.
    package var upstream: String?
    /// The answer in place of an upstream's.
    package var redirect: Redirect?
    /// Which of its targets, by label; empty: any of them.
    package var split: [SplitPart] = []
    package var mirror: TrafficMirror?
    /// Names in `Configuration.policies`, without `baseline`.
    package var policies: [String] = []

    package init(
        name: String, listener: String? = nil, match: RouteMatch, allow: Allow, requiresCertificate: Bool = false,
        forward: Forward = Forward(), compress: [Compression] = [], upstream: String?
    ) {
        self.name = name
        self.listener = listener
        self.match = match
        self.allow = allow
        self.requiresCertificate = requiresCertificate
        self.forward = forward
        self.compress = compress
        self.upstream = upstream
    }
}

/// A content coding by its registered name (RFC 9110 §8.4.1, RFC 7932).
package enum Compression: String, Sendable, CaseIterable {
    case br, gzip
}

package struct RouteMatch: Sendable, Hashable {
    package var host: HostPattern
    package var path: PathPattern
    /// Empty: every method. Upper-case tokens.
    package var methods: [String]
    /// All must be equal, byte for byte. Names lower-case.
    package var headers: [HeaderMatch]

    package init(host: HostPattern = .any, path: PathPattern, methods: [String] = [], headers: [HeaderMatch] = []) {
        self.host = host
        self.path = path
        self.methods = methods
        self.headers = headers
    }
}

package struct HeaderMatch: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

package enum HostPattern: Sendable, Hashable {
    case any
    /// Lower-case, without port and trailing dot.
    case exact(String)
    /// `*.example.org` holds `example.org`: exactly one label in front of it.
    case wildcard(String)
}

/// On the normalised path (`NormalizedPath`).
package enum PathPattern: Sendable, Hashable {
    case exact(String)
    /// `/orders/*` holds `/orders` and matches `/orders` and everything under `/orders/`; `/` and `/*` hold the empty text and match all.
    case prefix(String)
}

package enum Allow: Sendable, Hashable {
    /// Names of identities and groups; empty is nobody.
    case identities([String])
    /// Whoever the listener lets in, with or without a certificate.
    case anyone
}

/// Sends clients elsewhere (RFC 9110 §15.4).
package struct Redirect: Sendable, Hashable {
    /// A URI reference: an origin with or without path, or a path.
    package var to: String
    /// 301, 302, 303, 307 or 308.
    package var status: UInt16
    /// Whether path, as it would be forwarded, and query of the request stand behind `to`.
    package var keepsPath: Bool

    package init(to: String, status: UInt16 = 308, keepsPath: Bool = false) {
        self.to = to
        self.status = status
        self.keepsPath = keepsPath
    }
}

package struct Forward: Sendable, Hashable {
    /// Removed from the front of the normalised path, on a segment boundary; without trailing slash.
    package var stripPrefix: String?
    /// Then put in front of it; without trailing slash.
    package var addPrefix: String?
    /// How the upstream is told about the client's certificate.
    package var clientCertificate: [ClientCertificateHeader]

    package enum ClientCertificateHeader: String, Sendable, CaseIterable {
        /// `Client-Cert` and `Client-Cert-Chain` (RFC 9440).
        case rfc9440
        /// `X-Forwarded-Client-Cert` as Envoy writes it.
        case xfcc
    }

    package init(
        stripPrefix: String? = nil, addPrefix: String? = nil, clientCertificate: [ClientCertificateHeader] = []
    ) {
        self.stripPrefix = stripPrefix
        self.addPrefix = addPrefix
        self.clientCertificate = clientCertificate
    }
}
