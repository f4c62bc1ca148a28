import SallyportModel

/// When the ACME server would like a certificate to be renewed (RFC 9773).
package struct RenewalInfo: Sendable, Hashable {
    /// Seconds since 1970; `start` is before `end`.
    package let start: Int64
    package let end: Int64
    /// When to ask again: as the server says, between a minute and a day; without its word in six hours.
    package let askAgainAt: Int64

    private static let usualPause: Int64 = 6 * 3600

    package init(_ response: FetchResponse, at now: Int64) throws(ACMEFailure) {
        guard response.status == 200 else {
            throw ACMEProblem(response).failure("at the renewal information", names: [], retryAt: nil)
        }
        let json = try ACMEJSON.object(response.body, "the renewal information")
        let window = json["suggestedWindow"]
        guard let start = window?["start"]?.text.flatMap(DateText.rfc3339),
            let end = window?["end"]?.text.flatMap(DateText.rfc3339), start < end
        else { throw ACMEFailure(.acmeAnswerMalformed, "the renewal information has no window that can be read") }
        self.start = start
        self.end = end
        let asked = RetryAfter.time(in: response, at: now) ?? now + Self.usualPause
        askAgainAt = min(max(asked, now + 60), now + 86_400)
    }

    /// Where to ask about a certificate (§4.1); nil when it does not say which key signed it.
    package static func url(_ directory: ACMEDirectory, _ certificate: ParsedCertificate) -> FetchURL? {
        guard let base = directory.renewalInfo, let identifier = identifier(of: certificate) else { return nil }
        let separator = base.text.hasSuffix("/") ? "" : "/"
        return FetchURL(base.text + separator + identifier)
    }

    /// Base64url of the authority key identifier, dot, base64url of the serial number's DER content (§4.1).
    package static func identifier(of certificate: ParsedCertificate) -> String? {
        guard let key = certificate.extensions.authorityKeyIdentifier?.keyIdentifier else { return nil }
        return "\(Base64URL.encode(key)).\(Base64URL.encode(certificate.envelope.serial))"
    }
}
