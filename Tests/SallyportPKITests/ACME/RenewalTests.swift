import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct RenewalTests {
    private static let now = CertificateFactory.now
    private static let day = CertificateFactory.day

    private func leaf(_ start: Int64, _ end: Int64) throws -> ParsedCertificate {
        var recipe = CertificateFactory.Recipe()
        (recipe.notBefore, recipe.notAfter) = (start, end)
        return try CertificateFactory.make(recipe).parsed()
    }

    private func info(_ body: String, retryAfter: String? = nil) throws(ACMEFailure) -> RenewalInfo {
        guard let url = FetchURL("https://acme.test/renewal/a.b") else { throw ACMEFailure(.internalError, "url") }
        let fields = retryAfter.map { [("retry-after", $0)] } ?? []
        return try RenewalInfo(FetchResponse(status: 200, fields: fields, body: Array(body.utf8), url: url), at: Self.now)
    }

    @Test func aCertificateIsRenewedAtTwoThirds() throws {
        for _ in 0..<20 {
            let due = RenewalPlan.due(try leaf(Self.now, Self.now + 90 * Self.day), nil)
            #expect((Self.now + 60 * Self.day...Self.now + 63 * Self.day).contains(due))
        }
    }

    @Test func theMomentDoesNotChangeByAsking() throws {
        let leaf = try leaf(Self.now, Self.now + 90 * Self.day)
        #expect(RenewalPlan.due(leaf, nil) == RenewalPlan.due(leaf, nil))
        let other = try self.leaf(Self.now, Self.now + 90 * Self.day)
        #expect(RenewalPlan.due(leaf, nil) != RenewalPlan.due(other, nil))
    }

    @Test func theServerDecidesWithinItsWindow() throws {
        let leaf = try leaf(Self.now, Self.now + 90 * Self.day)
        let info = try info(
            #"{"suggestedWindow":{"start":"2027-01-16T08:00:00Z","end":"2027-01-17T08:00:00Z"},"explanationURL":"x"}"#)
        #expect((info.start...info.end).contains(RenewalPlan.due(leaf, info)))
        #expect(info.start == Self.now + Self.day && info.end == Self.now + 2 * Self.day)
    }

    /// A server that wants nothing to be renewed does not let a certificate expire.
    @Test func noOpinionOutlivesTheCertificate() throws {
        let leaf = try leaf(Self.now, Self.now + 90 * Self.day)
        let info = try info(#"{"suggestedWindow":{"start":"2999-01-01T00:00:00Z","end":"2999-01-02T00:00:00Z"}}"#)
        #expect(RenewalPlan.due(leaf, info) == Self.now + 81 * Self.day)
    }

    @Test(arguments: [
        (nil, 21_600), ("0", 60), ("3600", 3600), ("999999999", 86_400), ("never", 21_600),
    ])
    func theServerIsAskedAgainInMeasure(field: String?, seconds: Int64) throws {
        let body = #"{"suggestedWindow":{"start":"2027-01-16T08:00:00Z","end":"2027-01-17T08:00:00Z"}}"#
        #expect(try info(body, retryAfter: field).askAgainAt == Self.now + seconds)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"suggestedWindow":{}}"#, #"{"suggestedWindow":{"start":"2027-01-16","end":"2027-01-17"}}"#,
        #"{"suggestedWindow":{"start":"2027-01-17T08:00:00Z","end":"2027-01-16T08:00:00Z"}}"#,
        #"{"suggestedWindow":{"start":"2027-01-16T08:00:00Z","end":"2027-01-16T08:00:00Z"}}"#,
        #"{"suggestedWindow":{"start":1,"end":2}}"#,
    ])
    func windowsThatAreNoneAreRefused(body: String) {
        #expect(throws: ACMEFailure.self) { try info(body) }
    }

    /// The example of RFC 9773 §4.1.
    @Test func theIdentifierIsThatOfTheRFC() throws {
        let der = try #require(Base64.decode(Array(Self.example.utf8)))
        let certificate = try? ParsedCertificate(der: der)
        // Its key is P-256 and its serial number 00:87:65:43:21.
        #expect(certificate.flatMap(RenewalInfo.identifier) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")
    }

    private static let example = [
        "MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt", "cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS",
        "BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu", "7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf",
        "qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B", "yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb",
        "+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK",
    ].joined()

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Fri, 15 Jan 2027 08:00:00 GMT", now),
        ("Fri, 15 Jan 2027 08:00:00 UTC", nil), ("Fri, 15 Foo 2027 08:00:00 GMT", nil), ("", nil),
        ("Fri, 31 Feb 2027 08:00:00 GMT", nil), ("Fri, 15 Jan 2027 08:00 GMT", nil), ("Fri, +5 Jan 2027 08:00:00 GMT", nil),
    ])
    func datesOfHTTP(text: String, seconds: Int64?) { #expect(DateText.httpDate(text) == seconds) }

    @Test(arguments: [
        ("2027-01-15T08:00:00Z", now), ("2027-01-15t08:00:00z", now), ("2027-01-15T09:30:00+01:30", now),
        ("2027-01-15T07:00:00.999999-01:00", now), ("2027-01-15T08:00:00", nil), ("2027-01-15 08:00:00Z", nil),
        ("2027-13-15T08:00:00Z", nil), ("2027-02-30T08:00:00Z", nil), ("2027-01-15T24:00:00Z", nil), ("", nil),
        ("2027-01-15T08:00:00.Z", nil), ("2027-01-15T08:00:00+25:00", nil), ("+027-01-15T08:00:00Z", nil),
    ])
    func datesOfRFC3339(text: String, seconds: Int64?) { #expect(DateText.rfc3339(text) == seconds) }
}
