import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

/// The x509-limbo suite (C2SP), when a copy of its data lies beside the repository.
@Suite struct LimboSuiteTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../../shared/data/x509-limbo-public.json").standardizedFileURL.path

    /// Valid chains that are refused on purpose under both profiles; docs/verification.md says why.
    private static let refusedAlways: Set<String> = ["rfc5280::ca-as-leaf"]

    /// Valid chains that break a rule on issuers which other cases of the suite demand to be kept; documented there.
    private static let refusedAsPublic: Set<String> = refusedAlways.union([
        "cve::cve-2024-0567", "rfc5280::nc::permitted-dns-match-more", "webpki::san::exact-localhost-ip-san",
    ])

    @Test func publicAuthorityProfileAcceptsNothingItShouldNot() throws {
        for (testCase, verdict) in try Self.judged(.publicAuthority) {
            switch verdict.actualResult {
            case .success: #expect(testCase.expectedResult == "SUCCESS", "false accept: \(testCase.id)")
            case .failure:
                #expect(
                    testCase.expectedResult == "FAILURE" || Self.refusedAsPublic.contains(testCase.id),
                    "false reject: \(testCase.id): \(verdict.context)")
            case .skipped: #expect(Self.isSkippedOnPurpose(testCase), "\(testCase.id): \(verdict.context)")
            }
        }
    }

    /// Rules on issuers that the private profile leaves out; everything else it must refuse as well.
    private static let issuerRules = [
        "rfc5280::aki::", "rfc5280::ski::", "webpki::", "rfc5280::ca-empty-subject", "rfc5280::pc::",
        "rfc5280::root-non-critical-basic-constraints", "rfc5280::san::noncritical-with-empty-subject",
    ]

    @Test func privateAuthorityProfileLeavesOutRulesOnIssuersOnly() throws {
        for (testCase, verdict) in try Self.judged(.privateAuthority) {
            switch verdict.actualResult {
            case .success:
                #expect(
                    testCase.expectedResult == "SUCCESS" || Self.issuerRules.contains { testCase.id.hasPrefix($0) },
                    "false accept: \(testCase.id)")
            case .failure:
                #expect(
                    testCase.expectedResult == "FAILURE" || Self.refusedAlways.contains(testCase.id),
                    "false reject: \(testCase.id): \(verdict.context)")
            case .skipped: #expect(Self.isSkippedOnPurpose(testCase), "\(testCase.id): \(verdict.context)")
            }
        }
    }

    private static func isSkippedOnPurpose(_ testCase: LimboCase) -> Bool {
        testCase.features?.contains("pedantic-public-suffix-wildcard") == true
    }

    private static func judged(_ profile: CertificateProfile) throws -> [(LimboCase, LimboReport.Verdict)] {
        guard let data = FileManager.default.contents(atPath: path) else {
            print("x509-limbo: skipped, there is no \(path)")
            return []
        }
        let suite = try LimboSuite(json: Array(data))
        let report = LimboHarness(profile: profile, now: Int64(Date().timeIntervalSince1970)).run(suite)
        print("x509-limbo: \(report.results.count { $0.actualResult != .skipped }) of \(report.results.count) tried")
        return Array(zip(suite.testcases, report.results))
    }
}

/// The harness by itself, on cases made here.
@Suite struct LimboHarnessTests {
    private static func pem(_ made: CertificateFactory.Made) -> String {
        PEMBlock.encode([made.der], label: PEMBlock.certificate)
    }

    private func verdict(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> LimboReport.Verdict {
        let good = try GoodChain()
        var object: [String: Any] = [
            "id": "own::good", "features": [], "validation_kind": "CLIENT", "trusted_certs": [Self.pem(good.root)],
            "untrusted_intermediates": [Self.pem(good.intermediate)], "peer_certificate": Self.pem(good.leaf),
            "validation_time": "2027-01-15T08:00:00.5Z", "signature_algorithms": [], "key_usage": [],
            "extended_key_usage": ["clientAuth"], "expected_result": "SUCCESS", "expected_peer_name": NSNull(),
            "expected_peer_names": [], "max_chain_depth": NSNull(),
        ]
        change(&object)
        let json = try JSONSerialization.data(withJSONObject: ["version": 1, "testcases": [object]])
        let harness = LimboHarness(profile: .privateAuthority, now: CertificateFactory.now)
        return try #require(harness.run(LimboSuite(json: Array(json))).results.first)
    }

    @Test func goodClientSucceeds() throws {
        let verdict = try verdict()
        #expect(verdict.actualResult == .success)
        #expect(verdict.context == "CN=alice ← CN=Intermediate ← CN=Root (limbo)")
    }

    @Test func refusalNamesItsReason() throws {
        let verdict = try verdict { $0["untrusted_intermediates"] = [String]() }
        #expect(verdict.actualResult == .failure)
        #expect(verdict.context.hasPrefix("SP2205 "))
        #expect(try self.verdict { $0["max_chain_depth"] = 0 }.context.hasPrefix("SP2213 "))
        #expect(try self.verdict { $0["validation_time"] = "2029-01-01T00:00:00Z" }.context.hasPrefix("SP2203 "))
        #expect(try self.verdict { $0["peer_certificate"] = "nothing" }.actualResult == .failure)
    }

    @Test func listsOfACaseAreAsked() throws {
        let good = try GoodChain()
        func list(by issuer: CertificateFactory.Made, _ serials: [[UInt8]]) throws -> String {
            let block = PEMBlock(label: "PRIVATE KEY", der: try issuer.key.serializeAsPEM().derBytes, line: 1)
            let now = CertificateFactory.now
            let der = try CertificateListWriter(
                issuer: issuer.parsed(), key: try PrivateKey(block: block, source: "test"), thisUpdate: now - 60,
                nextUpdate: now + 60, number: 1
            ).write(serials.map { .init(serial: try #require(SerialNumber($0)), date: now - 90, reason: .superseded) })
            return PEMBlock.encode([der], label: CertificateListFile.label)
        }
        func context(_ lists: [String]) throws -> String {
            try verdict {
                $0["trusted_certs"] = [Self.pem(good.root)]
                $0["untrusted_intermediates"] = [Self.pem(good.intermediate)]
                $0["peer_certificate"] = Self.pem(good.leaf)
                $0["features"] = ["has-crl"]
                $0["crls"] = lists
            }.context
        }
        #expect(try context([list(by: good.intermediate, [])]).hasPrefix("CN=alice"))
        #expect(try context([list(by: good.intermediate, [[0x0a, 0x1b]])]).hasPrefix("SP2220 "))
        #expect(try context([list(by: good.intermediate, []), list(by: good.root, [[0x77]])]).hasPrefix("SP2220 "))
        #expect(try context([list(by: good.root, [])]).hasPrefix("SP2230 "))
        #expect(try context(["nothing"]).hasPrefix("revocation list: "))
    }

    @Test func unusableAnchorEndsNoPath() throws {
        let garbage = PEMBlock.encode([[1, 2, 3]], label: PEMBlock.certificate)
        #expect(try verdict { $0["trusted_certs"] = [garbage] }.context.hasPrefix("SP2205 "))
    }

    @Test func clientMustBearItsNames() throws {
        let other = [["kind": "RFC822", "value": "alice@example.com"]]
        #expect(try verdict { $0["expected_peer_names"] = other }.actualResult == .failure)
    }

    /// What is not understood gets no verdict at all.
    @Test func unsupportedIsSkippedByName() throws {
        let changes: [(inout [String: Any]) -> Void] = [
            { $0["signature_algorithms"] = ["RSA_WITH_MD5"] }, { $0["extended_key_usage"] = ["codeSigning"] },
            { $0["key_usage"] = ["keyAgreement"] }, { $0["validation_kind"] = "SERVER" },
            { $0["validation_kind"] = "PEER" }, { $0["validation_time"] = "yesterday" },
            { $0["features"] = ["pedantic-public-suffix-wildcard"] },
            {
                $0["validation_kind"] = "SERVER"
                $0["extended_key_usage"] = [String]()
                $0["expected_peer_name"] = ["kind": "RFC822", "value": "a@b.example"]
            },
        ]
        for change in changes {
            let verdict = try verdict(change)
            #expect(verdict.actualResult == .skipped && verdict.context.hasPrefix("not supported: "))
        }
    }

    @Test func explanationIsTheWholeTree() throws {
        let good = try GoodChain()
        let object: [String: Any] = [
            "id": "own::good", "validation_kind": "CLIENT", "trusted_certs": [Self.pem(good.root)],
            "untrusted_intermediates": [Self.pem(good.intermediate)], "peer_certificate": Self.pem(good.leaf),
        ]
        let json = try JSONSerialization.data(withJSONObject: ["testcases": [object]])
        let harness = LimboHarness(profile: .privateAuthority, now: CertificateFactory.now, explains: true)
        let report = harness.run(try LimboSuite(json: Array(json)))
        #expect(report.results.first?.actualResult == .success)
        #expect(report.results.first?.context.contains("✔ name constraints") == true)
        let object2 = try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any]
        #expect(object2?["harness"] as? String == "sallyport" && object2?["version"] as? Int == 1)
        #expect((object2?["results"] as? [[String: String]])?.first?["actual_result"] == "SUCCESS")
    }

    @Test func whatIsNoSuiteIsRefused() {
        for text in ["", "{}", "[]", #"{"testcases": [{"id": 1}]}"#, String(repeating: "[", count: 100_000)] {
            #expect(throws: (any Error).self) { try LimboSuite(json: Array(text.utf8)) }
        }
    }
}
