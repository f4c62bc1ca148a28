import Foundation
import SallyportConfig
import SallyportPKI
import Testing

@testable import SallyportTLS

@Suite struct GuidelineGradeTests {
    private func strength(days: Int) throws -> CertificateStrength {
        let leaf = try TestAuthority().server(["localhost"], life: 0...(Double(days) * TestAuthority.day))
        return try #require(leaf.der.first.flatMap(CertificateStrength.init(der:)))
    }

    private func posture(days: Int = 30, _ change: (inout ServerPosture) -> Void = { _ in }) throws -> ServerPosture {
        var posture = ServerPosture(profile: TLSProfile(base: .modern), certificates: [try strength(days: days)])
        change(&posture)
        return posture
    }

    @Test func ourProfilesMeetTheirGuidelines() throws {
        let leaf = try strength(days: 1)
        for base in [TLSProfile.Base.modern, .intermediate, .postQuantum] {
            let guideline = try #require(Guideline.named(base.gradedBy))
            let posture = ServerPosture(profile: TLSProfile(base: base), certificates: [leaf])
            #expect(GuidelineGrade(guideline, of: posture).result == .pass, "\(base)")
            #expect(GuidelineGrade(.rfc9325, of: posture).result == .pass, "\(base)")
        }
    }

    @Test func aStricterGuidelineIsNotMet() throws {
        let intermediate = ServerPosture(
            profile: TLSProfile(base: .intermediate), certificates: [try strength(days: 30)])
        let grade = GuidelineGrade(.mozillaModern, of: intermediate)
        #expect(grade.result == .fail)
        #expect(grade.findings.first?.place == "tls_versions" && grade.findings.first?.seen == "speaks TLS 1.2")
    }

    /// Each demand of each guideline can fail: nothing stands in a table that is never looked at.
    @Test func everyRuleCanBeBroken() throws {
        var worst = ServerPosture()
        worst.versions = [.tls12, .tls11, .tls10, .ssl30]
        worst.suites12 = CipherSuite.known.filter { !$0.isTLS13 }
        worst.groups = [.secp521r1]
        worst.primeBits = 512
        worst.schemes = [SignatureScheme(rawValue: 0x0201)]
        worst.certificates = [try weakest]
        worst.compresses = true
        worst.hasSecureRenegotiation = false
        worst.hasExtendedMasterSecret = false
        worst.prefersOwnOrder = true
        worst.refusesFallback = false
        for guideline in Guideline.all {
            let grade = GuidelineGrade(guideline, of: worst)
            #expect(grade.result == .fail && grade.findings.count == guideline.demands.count, "\(guideline.name)")
        }
    }

    /// Made by `openssl req -x509 -newkey rsa:1024 -md5 -days 3650 -subj /CN=weak`.
    private var weakest: CertificateStrength {
        get throws {
            let text = """
                MIIB+jCCAWOgAwIBAgIUbh1QkzBSFnxt5dIddoqke5cStI4wDQYJKoZIhvcNAQEEBQAwDzENMAsGA1UEAwwEd2VhazAeFw0yNjExMjMx
                NzA3NTZaFw0zNjExMjAxNzA3NTZaMA8xDTALBgNVBAMMBHdlYWswgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBANv1qi4qvcvMqiMt
                qp/5f39Xx+AgUj+dDiFl8MLGTM3AqXwRB/NWoLasn4OPcFE89s3ize50ZFDI0dx32LjvU9UT4BKjfX8IvqF2UahARDyZxw1Ez70aJWjD
                X7OR22M33NG88tgNbh10NJaLgUzPX26C1GoOoF2SJmCM0RTMfsQvAgMBAAGjUzBRMB0GA1UdDgQWBBSoR2eSVf0NIq+8RmgawMdI+6oa
                4jAfBgNVHSMEGDAWgBSoR2eSVf0NIq+8RmgawMdI+6oa4jAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBBAUAA4GBAMwIAs20tDnR
                YuU5so7mLzNcZWicdqZdxAxjqDWQdNsmwGrBr6XjNTYDnPsOFQS/ue6N7KMUz+k5mVt8hIpdAW/ArS6f7VqEFJBpWAce5xIYuHcJZloN
                xpgt5gRVPij0BDKLlkTmhkicDKW+R8WyRGb33LBzcmUUMjcy9SgX0WsQ
                """
            let der = try #require(Data(base64Encoded: text, options: .ignoreUnknownCharacters))
            return try #require(CertificateStrength(der: [UInt8](der)))
        }
    }

    @Test func whatACertificateRestsOnIsRead() throws {
        let weak = try weakest
        #expect(weak.key == .rsa(bits: 1024) && weak.signature == "md5WithRSAEncryption")
        #expect(weak.days == 3650 && weak.subject == "CN=weak" && weak.isSelfIssued)
        let good = try strength(days: 1)
        #expect(good.key == .elliptic(curve: "P-256") && good.signature == "ecdsa-with-SHA256")
        #expect(CertificateStrength(der: [0x30, 0x03, 1, 1, 1]) == nil && CertificateStrength(der: []) == nil)
    }

    @Test func whatWasNotSeenIsNotPassed() throws {
        let unseen = GuidelineGrade(.mozillaModern, of: try posture { $0.gaps = ["a connection failed"] })
        #expect(unseen.result == .unproven)
        #expect(GuidelineGrade(.mozillaModern, of: try posture { $0.certificates = [] }).result == .fail)
        #expect(GuidelineGrade(.rfc9325, of: ServerPosture()).result == .fail)
    }

    @Test func adviceDoesNotFail() throws {
        let grade = GuidelineGrade(.mozillaModern, of: try posture { $0.prefersOwnOrder = true })
        #expect(grade.result == .pass && grade.findings.map(\.weight) == [.advised])
    }

    @Test func aCertificateIsToldByItsLife() throws {
        #expect(try strength(days: 90).days == 90)
        #expect(GuidelineGrade(.mozillaModern, of: try posture(days: 90)).result == .pass)
        #expect(GuidelineGrade(.mozillaModern, of: try posture(days: 91)).result == .fail)
        let year = ServerPosture(profile: TLSProfile(base: .intermediate), certificates: [try strength(days: 367)])
        #expect(GuidelineGrade(.mozillaIntermediate, of: year).result == .fail)
    }

    @Test func namesAreUniqueAndSourcesAreCited() {
        #expect(Set(Guideline.all.map(\.name)).count == Guideline.all.count)
        for guideline in Guideline.all { #expect(guideline.source.contains("20") || guideline.source.contains("draft")) }
    }

    @Test func theReportSaysWhatWasAskedFor() throws {
        let report = GradeReport(
            subject: "listener main", posture: try posture(), guidelines: Guideline.all, asked: "mozilla-modern")
        #expect(report.passes && report.text.contains("pass  mozilla-modern") && report.text.contains("(asked for)"))
        let other = GradeReport(
            subject: "listener main", posture: try posture(), guidelines: Guideline.all, asked: "cnsa-2.0")
        #expect(!other.passes && other.json.compact.contains("\"result\":\"fail\""))
    }
}
