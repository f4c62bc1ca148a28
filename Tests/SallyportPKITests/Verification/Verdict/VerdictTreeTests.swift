import Crypto
import Foundation
import SallyportModel
import Testing
import X509

@testable import SallyportPKI

@Suite struct VerdictTreeTests {
    private let now = CertificateFactory.now
    private let day = CertificateFactory.day

    private func explain(_ good: GoodChain, _ verifier: ChainVerifier? = nil) throws -> VerdictTree {
        try (verifier ?? good.verifier()).explain(chain: good.presented, at: now).tree
    }

    @Test func goodChainIsToldCheckByCheck() throws {
        let tree = try explain(GoodChain())
        #expect(
            tree.text() == """
                client certificate at 2027-01-15 08:00:00Z
                ✔ presented chain: certificates: 2, bytes: \(try bytes(tree))
                ✔ encoding: 1 is CN=alice, ECDSA P-256 key
                ✔ encoding: 2 is CN=Intermediate, ECDSA P-256 key
                leaf CN=alice, serial 0A1B
                  ✔ version: 3
                  ✔ serial number: 0A1B
                  ✔ validity: 2027-01-14 08:00:00Z … 2027-01-16 08:00:00Z, 24 hours left
                  ✔ signature algorithm: ECDSA with SHA-256
                  ✔ critical extensions: basicConstraints, keyUsage
                  ✔ basic constraints: CA:FALSE
                  ✔ key usage: digitalSignature
                  ✔ extended key usage: clientAuth
                  ✔ no constraints of its own
                  ✔ names: CN=alice, spiffe://test/alice
                  ✔ SPIFFE ID: spiffe://test/alice
                  ✔ signed by another
                  ✔ issuer: CN=Intermediate presented as number 2
                  issuer? presented as number 2: CN=Intermediate, serial 77
                    ✔ version: 3
                    ✔ serial number: 77
                    ✔ signature algorithm: ECDSA with SHA-256
                    ✔ validity: 2026-10-07 08:00:00Z … 2027-04-25 08:00:00Z, 100 days left
                    ✔ critical extensions: basicConstraints, keyUsage
                    ✔ basic constraints: CA:TRUE
                    ✔ key usage: keyCertSign, cRLSign
                    ✔ extended key usage: not stated
                    ✔ policy constraints
                    ✔ path length: 0 intermediates below, no pathLenConstraint
                    ✔ depth: intermediate 1 of at most 3
                    ✔ trust domain: not stated
                    ✔ signature: ECDSA with SHA-256 of CN=alice with ECDSA P-256 key
                    ✔ issuer: CN=Root in trust bundle test
                    issuer? trusted as test: CN=Root, serial 77
                      ✔ serial number: 77
                      ✔ validity: 2026-10-07 08:00:00Z … 2027-04-25 08:00:00Z, 100 days left
                      ✔ critical extensions: basicConstraints, keyUsage
                      ✔ basic constraints: CA:TRUE
                      ✔ key usage: keyCertSign, cRLSign
                      ✔ extended key usage: not stated
                      ✔ policy constraints
                      ✔ path length: 1 intermediates below, no pathLenConstraint
                      ✔ trust domain: not stated
                      ✔ signature: ECDSA with SHA-256 of CN=Intermediate with ECDSA P-256 key
                      ✔ revocation: CN=alice: not withdrawn; CN=Intermediate: not withdrawn
                      ✔ name constraints: none on the path
                used: 2 of 200 candidate issuers, 2 of 100 signature checks, 0 of 10000 comparisons with name constraints
                ✔ trusted until 2027-01-16 08:00:00Z: CN=alice ← CN=Intermediate ← CN=Root (test)
                """)
    }

    /// DER signatures differ in length from run to run.
    private func bytes(_ tree: VerdictTree) throws -> String {
        String(try #require(tree.input.first?.facts.split(separator: " ").last))
    }

    @Test func failedCheckNamesReasonAndWhatWasNotReached() throws {
        var recipe = CertificateFactory.Recipe()
        recipe.notAfter = now - 3 * day
        recipe.notBefore = now - 6 * day
        let tree = try explain(GoodChain(leaf: recipe))
        let leaf = try #require(tree.leaf)
        let failed = try #require(leaf.checks.first { $0.outcome == .failed })
        #expect(failed.name == .validity)
        #expect(failed.reason == "SP2203")
        #expect(failed.facts.hasSuffix("expired 3 days ago"))
        #expect(leaf.checks.prefix(2).map(\.outcome) == [.passed, .passed])
        #expect(leaf.checks.dropFirst(3).allSatisfy { $0.outcome == .notReached })
        #expect(leaf.checks.last?.name == .issuer)
        #expect(leaf.issuers.isEmpty && !leaf.isTrusted)
        #expect(tree.text(.ascii).contains("  FAIL validity: 2027-01-09"))
        #expect(tree.text().hasSuffix("fix: \(Reason.certificateExpired.fix)"))
    }

    /// The verdict is that of `verify`, and what is planned is what is done, for good and bad chains.
    @Test func explanationAndVerdictAgree() throws {
        var expired = CertificateFactory.Recipe.authority("Intermediate")
        expired.notAfter = now - 1
        var server = CertificateFactory.Recipe()
        server.usages = [.serverAuth]
        for good in [try GoodChain(), try GoodChain(intermediate: expired), try GoodChain(leaf: server)] {
            let verifier = try good.verifier()
            let (result, tree) = verifier.explain(chain: good.presented, at: now)
            let plain = try good.verifier().verify(chain: good.presented, at: now)
            #expect(result.refusal == plain.refusal)
            #expect(tree.leaf?.isTrusted == (plain.chain != nil))
            if case .refused(let code, _, _, _) = tree.outcome { #expect(code == plain.refusal?.reason.name) }
        }
    }

    @Test func everyPathThatWasTriedIsThere() throws {
        let good = try GoodChain()
        let impostor = try CertificateFactory.make(.authority("Intermediate"))
        let presented = [good.leaf.der, impostor.der, good.intermediate.der]
        let tree = try good.verifier().explain(chain: presented, at: now).tree
        let candidates = try #require(tree.leaf?.issuers)
        #expect(Set(candidates.map(\.role)).isSubset(of: [.intermediate(presented: 2), .intermediate(presented: 3)]))
        #expect(candidates.last?.isTrusted == true)
        for candidate in candidates.dropLast() {
            #expect(candidate.checks.first { $0.outcome == .failed }?.name == .signature)
            #expect(candidate.checks.last?.outcome == .notReached)
        }
    }

    @Test func strangerAndGarbageAreExplained() throws {
        let good = try GoodChain()
        let stranger = try good.verifier().explain(chain: [good.leaf.der], at: now).tree
        let issuer = try #require(stranger.leaf?.checks.last)
        #expect(issuer.outcome == .failed && issuer.reason == "SP2205")
        #expect(issuer.facts == "CN=Intermediate is neither trusted nor presented")
        let garbage = try good.verifier().explain(chain: [[1, 2, 3]], at: now).tree
        #expect(garbage.leaf == nil)
        #expect(garbage.input.map(\.outcome) == [.passed, .failed])
        let second = try good.verifier().explain(chain: [good.leaf.der, [1, 2, 3]], at: now).tree
        #expect(second.leaf == nil && second.input.last?.problem?.hasPrefix("certificate 2 of 2") == true)
        let nothing = try good.verifier().explain(chain: [], at: now).tree
        #expect(nothing.input.map(\.reason) == ["SP2201"])
    }

    /// A certificate cannot write to the operator's terminal, nor fill it.
    @Test func textFromCertificatesIsEscapedAndBounded() throws {
        var recipe = CertificateFactory.Recipe()
        recipe.subject = "a\u{1b}[2J\n✔ trusted\u{202e}" + String(repeating: "x", count: 60_000)
        let good = try GoodChain(leaf: recipe)
        let budget = VerificationBudget(bytes: 1 << 20)
        let tree = try good.verifier(budget: budget).explain(chain: good.presented, at: now).tree
        let text = tree.text()
        #expect(text.utf8.count < 10_000)
        #expect(!text.contains("\u{1b}") && !text.contains("\u{202e}"))
        #expect(text.split(separator: "\n").allSatisfy { !$0.hasPrefix("✔ trusted") })
        #expect(tree.text(.ascii).utf8.allSatisfy { $0 < 0x80 && ($0 >= 0x20 || $0 == 0x0a) })
    }

    @Test func manyCandidatesAreCountedAndLeftOut() throws {
        let impostors = try (0..<80).map { _ in try CertificateFactory.make(.authority("Intermediate")).der }
        let good = try GoodChain()
        let budget = VerificationBudget(certificates: 100, bytes: 1 << 20)
        let tree = try good.verifier(budget: budget).explain(chain: [good.leaf.der] + impostors, at: now).tree
        #expect(tree.leaf?.issuers.count == VerdictRecorder.maximumCandidates)
        #expect(tree.candidatesLeftOut == 80 - VerdictRecorder.maximumCandidates)
        #expect(tree.text().contains("and 16 more candidates"))
    }

    @Test func exhaustedBudgetIsSeen() throws {
        let impostors = try (0..<5).map { _ in try CertificateFactory.make(.authority("Intermediate")).der }
        let good = try GoodChain()
        let verifier = try good.verifier(budget: VerificationBudget(signatures: 3))
        let tree = verifier.explain(chain: [good.leaf.der] + impostors, at: now).tree
        #expect(tree.budget.contains(BudgetUse(name: "signature checks", used: 4, allowed: 3)))
        #expect(tree.leaf?.issuers.last?.checks.contains { $0.reason == "SP2221" } == true)
    }

    @Test func treeSurvivesJSON() throws {
        let tree = try explain(GoodChain())
        let data = try JSONEncoder().encode(tree)
        #expect(try JSONDecoder().decode(VerdictTree.self, from: data) == tree)
    }
}
