import SallyportConfig
import SallyportModel

/// A refusal in the words of RFC 8555 section 6.7.
package struct ServerProblem: Error, Sendable {
    /// Behind `urn:ietf:params:acme:error:`.
    package enum Kind: String, Sendable, Codable {
        case accountDoesNotExist, alreadyRevoked, badCSR, badNonce, badPublicKey, badRevocationReason
        case badSignatureAlgorithm, connection, dns, externalAccountRequired, incorrectResponse, invalidContact
        case invalidProfile, malformed, orderNotReady, rateLimited, rejectedIdentifier, serverInternal, tls
        case unauthorized, unsupportedContact, unsupportedIdentifier, alreadyReplaced
    }

    package let kind: Kind
    package let reason: Reason
    package let detail: String
    /// Names that are to blame, for subproblems.
    var names: [String] = []
    var status: UInt16?
    var fields: [(name: String, value: String)] = []

    package init(_ kind: Kind, _ reason: Reason, _ detail: String) {
        self.kind = kind
        self.reason = reason
        self.detail = detail
    }

    static func malformed(_ detail: String) -> ServerProblem { ServerProblem(.malformed, .acmeMalformed, detail) }

    init(_ failure: JOSEFailure) {
        switch failure.kind {
        case .malformed: self.init(.malformed, .acmeMalformed, failure.description)
        case .algorithm: self.init(.badSignatureAlgorithm, .acmeBadAlgorithm, failure.description)
        case .key: self.init(.badPublicKey, .acmeBadKey, failure.description)
        }
    }

    var json: JSONValue {
        .members([
            "type": .string(Self.prefix + kind.rawValue), "detail": .string(detail),
            "status": .integer(Int(status ?? reason.status ?? 400)),
            "algorithms": kind == .badSignatureAlgorithm ? .strings(["ES256", "ES384", "RS256", "EdDSA"]) : nil,
            "subproblems": names.isEmpty ? nil : .array(names.map(subproblem)),
        ])
    }

    var response: ACMEResponse {
        var response = ACMEResponse(
            status ?? reason.status ?? 400, json, fields: fields, contentType: "application/problem+json")
        response.reason = reason
        response.detail = detail
        return response
    }

    private static let prefix = "urn:ietf:params:acme:error:"

    private func subproblem(_ name: String) -> JSONValue {
        .members([
            "type": .string(Self.prefix + kind.rawValue), "detail": .string(detail),
            "identifier": .members(["type": .string("dns"), "value": .string(name)]),
        ])
    }
}
