/// Bounds on what a client may send; applied to every route.
package struct Limits: Sendable, Hashable {
    /// Request body, bytes.
    package var body: Int
    /// All header fields of a message together, bytes.
    package var headers: Int
    package var headerCount: Int

    package init(body: Int = 10 << 20, headers: Int = 32 << 10, headerCount: Int = 100) {
        self.body = body
        self.headers = headers
        self.headerCount = headerCount
    }
}

/// The admin listener: status over mutual TLS, for `admins` only.
package struct Admin: Sendable, Hashable {
    package var address: SocketAddressText
    /// Names of identities and groups.
    package var admins: [String]

    package init(address: SocketAddressText, admins: [String]) {
        self.address = address
        self.admins = admins
    }

    /// Nobody administers with old software.
    package static let base = TLSProfile.Base.modern

    /// What its certificate, which the built-in authority issues, bears.
    package var names: [String] {
        let usual = ["localhost", "127.0.0.1", "::1"]
        return address.host.isEmpty || usual.contains(address.host) ? usual : usual + [address.host]
    }
}

package struct AccessLog: Sendable, Hashable {
    package var to: Destination
    package var format: Format

    package enum Destination: Sendable, Hashable {
        case stdout, stderr, none
        /// Absolute path; opened for append, 0640; opened anew on reload.
        case file(String)
    }
    package enum Format: String, Sendable, CaseIterable { case json, text }

    package init(to: Destination = .stdout, format: Format = .json) {
        self.to = to
        self.format = format
    }
}
