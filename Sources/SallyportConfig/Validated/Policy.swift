import SallyportPolicy

/// What is demanded of requests, and changed about them and their responses, under one name.
///
/// A route is under `baseline` and under the policies that it names, in this order. They add up: a request has to meet
/// every one of them, so no route can take away what the baseline demands.
package struct Policy: Sendable, Hashable {
    /// The name of the policy that every route is under.
    package static let baseline = "baseline"

    package var name: String
    /// The longest request content, bytes; nil leaves it to `Configuration.limits`.
    package var body: Int?
    package var addresses: AddressPolicy?
    /// Nil: every method.
    package var methods: [String]?
    package var maintenance: Maintenance?
    package var cors: CrossOrigin?
    package var request = FieldChanges()
    package var response = FieldChanges()
    /// The longest response content, bytes; nil leaves it to the upstream.
    package var responseBody: Int?
    package var consult: ExternalAuthorization?
    /// Has to hold for a request.
    package var when: Condition?
    /// Must not hold for a request.
    package var deny: Condition?
    /// Nil: no token is asked for.
    package var jwt: TokenPolicy?
    /// Nil: no token that a server has to be asked about is asked for.
    package var introspection: TokenPolicy?
    /// Whether an API key is asked for.
    package var needsAPIKey = false
    /// Each of them has to let a request go on.
    package var rateLimits: [RateLimit] = []

    package init(name: String) {
        self.name = name
    }
}

/// From where clients may come. `deny` wins over `allow`.
package struct AddressPolicy: Sendable, Hashable {
    /// Nil: from everywhere.
    package var allow: [AddressRange]?
    package var deny: [AddressRange]

    package init(allow: [AddressRange]? = nil, deny: [AddressRange] = []) {
        self.allow = allow
        self.deny = deny
    }
}

/// Every request is answered 503 for a while.
package struct Maintenance: Sendable, Hashable {
    /// When clients may come again.
    package var retryAfter: Duration
    /// Networks that are served nevertheless.
    package var except: [AddressRange]

    package init(retryAfter: Duration, except: [AddressRange] = []) {
        self.retryAfter = retryAfter
        self.except = except
    }
}

/// What is done to the fields of a head, in this order.
package struct FieldChanges: Sendable, Hashable {
    /// Names, lower-case.
    package var remove: [String]
    /// In place of whatever has the name.
    package var set: [HeaderMatch]
    /// Beside whatever has the name.
    package var add: [HeaderMatch]
    /// Where nothing has the name.
    package var missing: [HeaderMatch]

    package init(
        remove: [String] = [], set: [HeaderMatch] = [], add: [HeaderMatch] = [], missing: [HeaderMatch] = []
    ) {
        self.remove = remove
        self.set = set
        self.add = add
        self.missing = missing
    }

    package var isEmpty: Bool { remove.isEmpty && set.isEmpty && add.isEmpty && missing.isEmpty }

    /// What browsers should be told about every site: encrypted from now on, no guessing of types, no frames of other
    /// origins, no full URL to other origins, no windows in common (OWASP Secure Headers).
    package static let secure: [HeaderMatch] = [
        HeaderMatch(name: "strict-transport-security", value: "max-age=63072000"),
        HeaderMatch(name: "x-content-type-options", value: "nosniff"),
        HeaderMatch(name: "x-frame-options", value: "SAMEORIGIN"),
        HeaderMatch(name: "referrer-policy", value: "strict-origin-when-cross-origin"),
        HeaderMatch(name: "cross-origin-opener-policy", value: "same-origin"),
    ]
}

/// A service that is asked about each request, after the gateway's own decision and never in place of it.
package struct ExternalAuthorization: Sendable, Hashable {
    package enum Unavailable: String, Sendable, CaseIterable { case refuse, allow }

    /// A key of `Configuration.upstreams`.
    package var upstream: String
    package var path: String
    package var timeout: Duration
    /// Fields of the request that the service gets to see, lower-case.
    package var send: [String]
    /// Fields of the service's answer that the upstream gets to see, in place of the client's, lower-case.
    package var take: [String]
    package var whenUnavailable: Unavailable

    package init(
        upstream: String, path: String = "/", timeout: Duration = .milliseconds(500),
        send: [String] = ["authorization", "cookie"], take: [String] = [], whenUnavailable: Unavailable = .refuse
    ) {
        self.upstream = upstream
        self.path = path
        self.timeout = timeout
        self.send = send
        self.take = take
        self.whenUnavailable = whenUnavailable
    }
}

/// Which pages of other origins may read responses (the CORS protocol of the Fetch standard).
package struct CrossOrigin: Sendable, Hashable {
    package enum Origins: Sendable, Hashable {
        case any
        /// As a browser writes them: `https://www.example.org`, or `https://*.example.org` for one label in front.
        case listed([String])
    }

    package var origins: Origins
    package var methods: [String]
    /// Request fields that pages may set, lower-case.
    package var headers: [String]
    /// Response fields that pages may read, lower-case.
    package var expose: [String]
    /// Whether browsers send cookies and client certificates along.
    package var credentials: Bool
    /// How long a browser may remember the answer to a preflight.
    package var maxAge: Duration

    package init(
        origins: Origins, methods: [String] = ["GET", "HEAD", "POST"], headers: [String] = [], expose: [String] = [],
        credentials: Bool = false, maxAge: Duration = .seconds(600)
    ) {
        self.origins = origins
        self.methods = methods
        self.headers = headers
        self.expose = expose
        self.credentials = credentials
        self.maxAge = maxAge
    }
}
