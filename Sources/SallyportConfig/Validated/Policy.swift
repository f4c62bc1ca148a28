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

    package init(remove: [String] = [], set: [HeaderMatch] = [], add: [HeaderMatch] = []) {
        self.remove = remove
        self.set = set
        self.add = add
    }

    package var isEmpty: Bool { remove.isEmpty && set.isEmpty && add.isEmpty }
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
