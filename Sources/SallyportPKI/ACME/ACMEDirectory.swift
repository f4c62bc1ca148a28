import SallyportConfig
import SallyportModel

/// What an ACME server offers and where (RFC 8555 §7.1.1).
package struct ACMEDirectory: Sendable, Hashable {
    package let newNonce: FetchURL
    package let newAccount: FetchURL
    package let newOrder: FetchURL
    /// RFC 9773; nil when the server has no opinion on renewal.
    package let renewalInfo: FetchURL?
    package let termsOfService: String?
    package let externalAccountRequired: Bool
    /// Names of `profiles`; empty when the server has none.
    package let profiles: [String]

    /// More profiles are not looked at.
    private static let mostProfiles = 64

    /// - Parameter url: of the directory. One that is read by https leads to nothing but https.
    package init(parsing body: [UInt8], from url: FetchURL) throws(ACMEFailure) {
        let json = try ACMEJSON.object(body, "the directory")
        func link(_ name: String) throws(ACMEFailure) -> FetchURL? {
            guard let value = json[name] else { return nil }
            return try ACMEJSON.url(value, "`\(name)` of the directory", seenFrom: url)
        }
        guard let newNonce = try link("newNonce"), let newAccount = try link("newAccount"),
            let newOrder = try link("newOrder")
        else {
            throw ACMEFailure(.acmeAnswerMalformed, "the directory lacks newNonce, newAccount or newOrder")
        }
        self.newNonce = newNonce
        self.newAccount = newAccount
        self.newOrder = newOrder
        renewalInfo = try link("renewalInfo")
        let meta = json["meta"]
        termsOfService = meta?["termsOfService"]?.text.map { PrintableText.make($0, limit: 300) }
        externalAccountRequired = meta?["externalAccountRequired"]?.truth ?? false
        guard case .object(let members)? = meta?["profiles"] else {
            profiles = []
            return
        }
        profiles = members.prefix(Self.mostProfiles).map { PrintableText.make($0.name, limit: 64) }
    }
}

/// Reading what an ACME server sends.
enum ACMEJSON {
    /// Larger than any honest document but a certificate.
    static let mostBytes = 64 << 10

    static func object(_ body: [UInt8], _ what: String) throws(ACMEFailure) -> JSONValue {
        let value: JSONValue
        do throws(JOSEFailure) { value = try JSONText.parse(body, limit: mostBytes) } catch {
            throw ACMEFailure(.acmeAnswerMalformed, "\(what) is \(error.description)")
        }
        guard case .object = value else { throw ACMEFailure(.acmeAnswerMalformed, "\(what) is no JSON object") }
        return value
    }

    static func url(_ value: JSONValue?, _ what: String, seenFrom base: FetchURL) throws(ACMEFailure) -> FetchURL {
        guard let text = value?.text, let url = FetchURL(text) else {
            throw ACMEFailure(.acmeAnswerMalformed, "\(what) is no http or https URL")
        }
        guard url.scheme == .https || base.scheme == .http else {
            throw ACMEFailure(.acmeAnswerMalformed, "\(what) leads from https to http")
        }
        return url
    }
}
