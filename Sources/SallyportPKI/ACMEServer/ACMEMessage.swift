import SallyportConfig
import SallyportModel

/// A request to the ACME server, as its transport read it.
package struct ACMERequest: Sendable {
    package enum Method: Sendable { case get, head, post, other }

    package var method: Method
    /// `https://HOST[:PORT]/acme`, by which the client reached the server.
    package var base: String
    /// Behind the base; begins with a slash.
    package var path: String
    package var contentType: String?
    package var body: [UInt8]

    package init(method: Method, base: String, path: String, contentType: String? = nil, body: [UInt8] = []) {
        self.method = method
        self.base = base
        self.path = path
        self.contentType = contentType
        self.body = body
    }

    var url: String { base + path }
    /// What stands between the slashes of the path.
    var segments: [Substring] { path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) }
}

package struct ACMEResponse: Sendable {
    package var status: UInt16
    /// Names in lower case; without content type and length.
    package var fields: [(name: String, value: String)]
    package var contentType: String?
    package var body: [UInt8]
    /// Why it is a refusal, for the log.
    package var reason: Reason?
    /// What exactly, for the log; nothing of the peer's bytes.
    package var detail: String?

    init(
        _ status: UInt16, _ json: JSONValue? = nil, fields: [(name: String, value: String)] = [],
        contentType: String = "application/json"
    ) {
        self.status = status
        self.fields = fields
        self.contentType = json == nil ? nil : contentType
        body = json.map { Array($0.compact.utf8) } ?? []
    }
}

/// What is to be done to answer a request.
package enum ACMEStep: Sendable {
    case reply(ACMEResponse)
    /// The authority issues; then `ACMEServer.finish`.
    case issue(ACMEIssuance)
    /// The authority revokes; then `ACMEServer.finish`.
    case revoke(ACMERevocation)
}

package struct ACMEIssuance: Sendable {
    package let order: String
    package let base: String
    package let request: CertificateRequest
    package let subject: LeafSubject
    package let lifetime: Duration
}

package struct ACMERevocation: Sendable {
    package let order: String
    package let base: String
    /// Upper-case hex.
    package let serial: String
}

/// A challenge to be looked at over the network; then `ACMEServer.validated`.
package struct ACMEValidation: Sendable, Hashable {
    package let order: String
    /// The external account that it is for.
    package let externalAccount: String
    package let authorization: Int
    package let type: ACMEChallengeType
    /// Lower-case DNS name.
    package let name: String
    package let token: String
    /// `TOKEN.THUMBPRINT` (RFC 8555 section 8.1).
    package let keyAuthorization: String
}

/// What is to be written before the answer goes out.
package enum ACMEChange: Sendable {
    case account(ACMEAccount)
    case order(ServerOrder)
    case orderRemoved(String)
}
