import SallyportConfig

/// An account as it is kept (RFC 8555 section 7.1.2).
package struct ACMEAccount: Sendable, Codable, Hashable {
    enum Status: String, Codable { case valid, deactivated }

    let id: String
    /// The entry of `pki.acme.externalAccounts` that it belongs to.
    let externalAccount: String
    /// The public key as JSON text.
    var key: String
    var status: Status
    var contact: [String]
    /// Seconds since 1970.
    let createdAt: Int64
}

/// An order with its authorizations and, at its end, its certificate (RFC 8555 section 7.1.3).
///
/// ```
/// pending ──every name proved──▶ ready ──finalize──▶ valid
///    └──a challenge failed, or the time is over──▶ invalid ◀──┘
/// ```
/// There is no `processing`: the authority answers within the request that finalizes.
package struct ServerOrder: Sendable, Codable, Hashable {
    enum Status: String, Codable { case pending, ready, valid, invalid }

    let id: String
    let account: String
    let profile: IssuedKind
    var status: Status
    let createdAt: Int64
    /// Seconds since 1970; until then it can be finalized.
    let expires: Int64
    var authorizations: [ServerAuthorization]
    /// DER, leaf first.
    var chain: [[UInt8]] = []
    /// Upper-case hex.
    var serial: String?
    var notBefore: Int64?
    var notAfter: Int64?
    var revokedAt: Int64?
    /// The identifier of the certificate that its own replaces (RFC 9773 section 5).
    var replaces: String?
    var error: ValidationFailure?

    var names: [String] { authorizations.map(\.name) }
    /// It is forgotten then.
    var keptUntil: Int64 { max(expires + Self.afterlife, notAfter ?? 0) }
    /// For clients that come late to see why an order failed.
    private static let afterlife: Int64 = 3600

    func status(at now: Int64) -> Status {
        now > expires && (status == .pending || status == .ready) ? .invalid : status
    }
}

package struct ServerAuthorization: Sendable, Codable, Hashable {
    enum Status: String, Codable { case pending, valid, invalid, deactivated }

    /// Lower-case DNS name.
    let name: String
    var status: Status
    var challenges: [ACMEChallenge]
}

package struct ACMEChallenge: Sendable, Codable, Hashable {
    enum Status: String, Codable { case pending, processing, valid, invalid }

    let type: ACMEChallengeType
    let token: String
    var status: Status
    var validatedAt: Int64?
    var error: ValidationFailure?
}

/// Why a challenge failed, as it is shown to the account.
package struct ValidationFailure: Sendable, Codable, Hashable, Error {
    package let kind: ServerProblem.Kind
    let detail: String

    package init(_ kind: ServerProblem.Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// For the log.
    package var words: String { "\(kind.rawValue): \(detail)" }

    var json: JSONValue {
        .members(["type": .string("urn:ietf:params:acme:error:\(kind.rawValue)"), "detail": .string(detail)])
    }
}
