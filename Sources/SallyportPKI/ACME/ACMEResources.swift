import SallyportConfig
import SallyportModel

/// An order as the server shows it (RFC 8555 §7.1.3).
struct ACMEOrder: Sendable {
    let status: Status
    let names: Set<String>
    let authorizations: [FetchURL]
    let finalize: FetchURL
    /// Never nil when the status is `valid`.
    let certificate: FetchURL?
    let problem: ACMEProblem?

    enum Status: String { case pending, ready, processing, valid, invalid }

    init(parsing body: [UInt8], from url: FetchURL) throws(ACMEFailure) {
        let json = try ACMEJSON.object(body, "the order")
        guard let status = json["status"]?.text.flatMap(Status.init) else {
            throw ACMEFailure(.acmeAnswerMalformed, "the order has no status that is known")
        }
        self.status = status
        names = Set(
            (json["identifiers"]?.elements ?? []).compactMap { $0["type"]?.text == "dns" ? $0["value"]?.text?.lowercased() : nil })
        var authorizations: [FetchURL] = []
        for value in (json["authorizations"]?.elements ?? []).prefix(ACMEWish.mostNames + 1) {
            authorizations.append(try ACMEJSON.url(value, "an authorization of the order", seenFrom: url))
        }
        self.authorizations = authorizations
        finalize = try ACMEJSON.url(json["finalize"], "`finalize` of the order", seenFrom: url)
        certificate = try json["certificate"].map { value throws(ACMEFailure) in
            try ACMEJSON.url(value, "`certificate` of the order", seenFrom: url)
        }
        guard status != .valid || certificate != nil else {
            throw ACMEFailure(.acmeAnswerMalformed, "the order is valid and has no `certificate`")
        }
        problem = json["error"].map { ACMEProblem($0) }
    }
}

/// The question whether a name is ours (RFC 8555 §7.1.4).
struct ACMEAuthorization: Sendable {
    let status: Status
    let name: String
    let challenges: [Challenge]

    enum Status: String { case pending, valid, invalid, deactivated, expired, revoked }

    struct Challenge: Sendable {
        let type: String
        let status: String
        /// Base64url, checked, since it becomes part of a path.
        let token: String
        let url: FetchURL
        let problem: ACMEProblem?
    }

    /// More challenges are not looked at.
    private static let mostChallenges = 16

    init(parsing body: [UInt8], from url: FetchURL) throws(ACMEFailure) {
        let json = try ACMEJSON.object(body, "the authorization")
        guard let status = json["status"]?.text.flatMap(Status.init),
            json["identifier"]?["type"]?.text == "dns", let name = json["identifier"]?["value"]?.text
        else {
            throw ACMEFailure(.acmeAnswerMalformed, "the authorization has no status that is known, or is for no DNS name")
        }
        self.status = status
        self.name = name.lowercased()
        var challenges: [Challenge] = []
        for value in (json["challenges"]?.elements ?? []).prefix(Self.mostChallenges) {
            if let challenge = try Self.challenge(value, url) { challenges.append(challenge) }
        }
        self.challenges = challenges
    }

    /// Nil for a type without token: it is none that is spoken here.
    private static func challenge(_ json: JSONValue, _ base: FetchURL) throws(ACMEFailure) -> Challenge? {
        guard let type = json["type"]?.text, let token = json["token"]?.text else { return nil }
        guard ChallengeToken.isValid(token) else {
            throw ACMEFailure(.acmeAnswerMalformed, "the token of a challenge is not base64url")
        }
        return Challenge(
            type: type, status: json["status"]?.text ?? "pending", token: token,
            url: try ACMEJSON.url(json["url"], "`url` of a challenge", seenFrom: base),
            problem: json["error"].map { ACMEProblem($0) })
    }
}

package enum ChallengeToken {
    /// Letters, digits, `-` and `_` (RFC 8555 §8.1), 1 to 256 of them.
    package static func isValid(_ token: some StringProtocol) -> Bool {
        (1...256).contains(token.utf8.count)
            && token.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}
