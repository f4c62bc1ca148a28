import SallyportConfig
import SallyportModel

/// A problem document of an ACME server (RFC 8555 §6.7, RFC 7807), bounded. Everything in it is the server's word.
package struct ACMEProblem: Sendable, Hashable {
    /// Without `urn:ietf:params:acme:error:`; `about:blank` and foreign types as they are.
    package let type: String
    package let detail: String
    /// Names that subproblems are about (§6.7.1).
    package let names: [String]

    private static let prefix = "urn:ietf:params:acme:error:"

    /// - Parameter status: stands in where there is no problem document.
    package init(_ response: FetchResponse) {
        let isProblem = response.mediaType == "application/problem+json" || response.mediaType == "application/json"
        do throws(ACMEFailure) {
            guard isProblem else { throw ACMEFailure(.acmeAnswerMalformed, "no problem document") }
            self.init(try ACMEJSON.object(response.body, "the problem document"))
        } catch {
            self.init(type: "about:blank", detail: "status \(response.status) from \(response.url.text)", names: [])
        }
    }

    package init(_ json: JSONValue) {
        let type = json["type"]?.text ?? "about:blank"
        let parts = json["subproblems"]?.elements?.prefix(20) ?? []
        let names = parts.compactMap { $0["identifier"]?["value"]?.text.map { PrintableText.make($0, limit: 253) } }
        let words = ([json["detail"]?.text] + parts.map { $0["detail"]?.text }).compactMap(\.self)
        self.init(
            type: PrintableText.make(type.hasPrefix(Self.prefix) ? String(type.dropFirst(Self.prefix.count)) : type, limit: 80),
            detail: PrintableText.make(words.joined(separator: "; "), limit: 300), names: names)
    }

    private init(type: String, detail: String, names: [String]) {
        self.type = type
        self.detail = detail
        self.names = names
    }

    /// What it means for an order.
    /// - Parameter names: what was being asked for; those that the problem does not name are left out.
    package func failure(
        _ what: String, names asked: [String], retryAt: Int64?, otherwise: Reason = .acmeRefused
    ) -> ACMEFailure {
        let named = names.filter(asked.contains)
        return ACMEFailure(reason(otherwise), "\(what): \(type): \(detail)", names: named, retryAt: retryAt)
    }

    private func reason(_ otherwise: Reason) -> Reason {
        switch type {
        case "rateLimited": .acmeRateLimited
        case "accountDoesNotExist", "externalAccountRequired": .acmeAccountRefused
        case "unauthorized" where otherwise == .acmeRefused: .acmeAccountRefused
        case "userActionRequired": .acmeTermsNotAgreed
        case "invalidProfile": .acmeProfileUnknown
        case "caa", "connection", "dns", "incorrectResponse", "tls": .acmeValidationFailed
        default: otherwise
        }
    }
}
