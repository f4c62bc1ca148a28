import Crypto
import Foundation
import SallyportConfig
import Testing
import X509

@testable import SallyportPKI

/// An ACME server with one external account, and clients that say what a test wants said.
struct ACMEWorld {
    static let base = "https://ca.test/acme"
    static let secret = [UInt8](repeating: 9, count: 32)
    static let start: Int64 = 1_800_000_000

    var server: ACMEServer
    var now = ACMEWorld.start
    /// What was to be written, in order.
    var changes: [ACMEChange] = []

    init(ordersPerHour: Int = 100, usages: Set<IssuedKind> = [.client, .server]) throws {
        server = try ACMEServer(policy: Self.policy(ordersPerHour: ordersPerHour, usages: usages))
    }

    static func policy(ordersPerHour: Int = 100, usages: Set<IssuedKind> = [.client, .server]) -> ACMEPolicy {
        ACMEPolicy(
            externalAccounts: [
                "ci": ACMEGrant(
                    secret: secret, names: [NamePattern("*.svc.test"), NamePattern("web.test")], usages: usages,
                    lifetime: .seconds(3600))
            ], challenges: [.http, .tlsALPN], ordersPerHour: ordersPerHour)
    }

    struct Answer {
        var status: UInt16
        var json: JSONValue?
        var fields: [String: String]
        var body: [UInt8]
        /// Behind `urn:ietf:params:acme:error:`.
        var error: String? { json?["type"]?.text.map { String($0.dropFirst("urn:ietf:params:acme:error:".count)) } }
    }

    mutating func nonce() throws -> String {
        try send(ACMERequest(method: .head, base: Self.base, path: "/new-nonce")).fields["replay-nonce"] ?? ""
    }

    mutating func post(_ path: String, body: [UInt8], contentType: String? = "application/jose+json") throws -> Answer {
        try send(ACMERequest(method: .post, base: Self.base, path: path, contentType: contentType, body: body))
    }

    mutating func post(
        _ path: String, _ payload: JSONValue?, by signer: JSONWebSigner, account: String?, nonce: String? = nil,
        url: String? = nil
    ) throws -> Answer {
        let nonce = try nonce ?? self.nonce()
        return try post(
            path,
            body: try signer.sign(payload: payload, url: url ?? Self.base + path, nonce: nonce, account: account))
    }

    mutating func send(_ request: ACMERequest) throws -> Answer {
        let step = server.handle(request, at: now)
        changes += server.takeChanges()
        guard case .reply(let response) = step else {
            Issue.record("\(step) is no reply")
            return Answer(status: 0, fields: [:], body: [])
        }
        return Self.answer(response)
    }

    static func answer(_ response: ACMEResponse) -> Answer {
        var json: JSONValue?
        do { json = try JSONText.parse(response.body) } catch { json = nil }
        return Answer(
            status: response.status, json: json,
            fields: Dictionary(response.fields.map { ($0.name, $0.value) }) { first, _ in first }, body: response.body)
    }

    // MARK: steps

    /// The URL of a new account.
    mutating func account(_ signer: JSONWebSigner, identifier: String = "ci") throws -> String {
        let binding = signer.externalAccountBinding(
            identifier: identifier, secret: Self.secret, url: Self.base + "/new-account")
        let answer = try post(
            "/new-account", .members(["externalAccountBinding": binding]), by: signer, account: nil)
        #expect(answer.status == 201)
        return try #require(answer.fields["location"])
    }

    mutating func order(
        _ names: [String], _ signer: JSONWebSigner, _ account: String, profile: String? = nil
    ) throws -> Answer {
        try post("/new-order", Self.order(names, profile: profile), by: signer, account: account)
    }

    static func order(_ names: [String], profile: String? = nil) -> JSONValue {
        .members([
            "identifiers": .array(names.map { .members(["type": .string("dns"), "value": .string($0)]) }),
            "profile": profile.map(JSONValue.string),
        ])
    }

    /// An order whose names are all proved; the path of it.
    mutating func readyOrder(
        _ names: [String], _ signer: JSONWebSigner, _ account: String, profile: String? = nil
    ) throws -> String {
        let answer = try order(names, signer, account, profile: profile)
        let path = try Self.path(#require(answer.fields["location"]))
        for authorization in try #require(answer.json?["authorizations"]?.elements) {
            try prove(Self.path(try #require(authorization.text)), signer, account, .success(()))
        }
        return path
    }

    mutating func prove(
        _ authorization: String, _ signer: JSONWebSigner, _ account: String, _ result: Result<Void, ValidationFailure>
    ) throws {
        let challenge = Self.path(authorization).replacing("/authorization/", with: "/challenge/") + "/http-01"
        #expect(try post(challenge, .object([]), by: signer, account: account).json?["status"]?.text == "processing")
        for validation in server.takeValidations() { server.validated(validation, result, at: now) }
        changes += server.takeChanges()
    }

    mutating func finalize(
        _ order: String, _ factory: RequestFactory, _ signer: JSONWebSigner, _ account: String
    ) throws -> ACMEStep {
        let payload = JSONValue.members(["csr": .string(Base64URL.encode(try factory.der()))])
        let body = try signer.sign(
            payload: payload, url: Self.base + order + "/finalize", nonce: try nonce(), account: account)
        return server.handle(
            ACMERequest(
                method: .post, base: Self.base, path: order + "/finalize", contentType: "application/jose+json",
                body: body), at: now)
    }

    static func path(_ url: String) -> String { String(url.dropFirst(url.hasPrefix(base) ? base.count : 0)) }
}
