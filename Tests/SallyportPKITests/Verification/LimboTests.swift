import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

/// The x509-limbo suite (C2SP), when a copy of its data lies beside the repository.
@Suite struct LimboTests {
    private struct Suite: Decodable { let testcases: [Case] }
    private struct PeerName: Decodable {
        let kind: String
        let value: String
    }
    private struct Case: Decodable {
        let id: String
        let features: [String]
        let validation_kind: String
        let trusted_certs: [String]
        let untrusted_intermediates: [String]
        let peer_certificate: String
        let validation_time: String?
        let expected_result: String
        let expected_peer_name: PeerName?
        let max_chain_depth: Int?
    }

    private static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../../shared/data/x509-limbo-public.json").standardizedFileURL.path

    /// Revocation lists are not read here, and there is no list of public suffixes.
    private static let unsupported: Set<String> = ["has-crl", "pedantic-public-suffix-wildcard"]

    /// Valid chains that are refused on purpose under both profiles.
    private static let refusedAlways: Set<String> = [
        "rfc5280::ca-as-leaf"  // An authority's certificate is never a peer's own.
    ]

    /// Valid chains that break a rule on issuers which other cases of the suite demand to be kept.
    private static let refusedAsPublic: Set<String> = refusedAlways.union([
        // The anchor is not self-signed and has no authorityKeyIdentifier, as in
        // rfc5280::aki::cross-signed-root-missing-aki.
        "cve::cve-2024-0567",
        // The common name is none of the alternative names, as in webpki::cn.
        "rfc5280::nc::permitted-dns-match-more", "webpki::san::exact-localhost-ip-san",
    ])

    @Test func publicAuthorityProfileAcceptsNothingItShouldNot() throws {
        for testCase in try Self.cases() {
            switch Self.outcome(testCase, profile: .publicAuthority) {
            case .success:
                #expect(testCase.expected_result == "SUCCESS", "false accept: \(testCase.id)")
            case .failure(let refusal):
                #expect(
                    testCase.expected_result == "FAILURE" || Self.refusedAsPublic.contains(testCase.id),
                    "false reject: \(testCase.id): \(refusal.reason.name) \(refusal.detail)")
            }
        }
    }

    /// Rules on issuers that the private profile leaves out; everything else it must refuse as well.
    private static let issuerRules = [
        "rfc5280::aki::", "rfc5280::ski::", "webpki::", "rfc5280::ca-empty-subject", "rfc5280::pc::",
        "rfc5280::root-non-critical-basic-constraints", "rfc5280::san::noncritical-with-empty-subject",
    ]

    @Test func privateAuthorityProfileLeavesOutRulesOnIssuersOnly() throws {
        for testCase in try Self.cases() {
            switch Self.outcome(testCase, profile: .privateAuthority) {
            case .success:
                #expect(
                    testCase.expected_result == "SUCCESS" || Self.issuerRules.contains { testCase.id.hasPrefix($0) },
                    "false accept: \(testCase.id)")
            case .failure(let refusal):
                #expect(
                    testCase.expected_result == "FAILURE" || Self.refusedAlways.contains(testCase.id),
                    "false reject: \(testCase.id): \(refusal.reason.name) \(refusal.detail)")
            }
        }
    }

    private static func cases() throws -> [Case] {
        guard let data = FileManager.default.contents(atPath: path) else {
            print("x509-limbo: skipped, there is no \(path)")
            return []
        }
        let cases = try JSONDecoder().decode(Suite.self, from: data).testcases
        let tried = cases.filter { unsupported.isDisjoint(with: $0.features) }
        print("x509-limbo: \(tried.count) of \(cases.count) cases tried")
        return tried
    }

    private static func outcome(_ testCase: Case, profile: CertificateProfile) -> Result<VerifiedChain, ChainRefusal> {
        do {
            let anchors = try testCase.trusted_certs.flatMap { try certificates($0) }
                .map { try TrustAnchor(authority: "limbo", certificate: ParsedCertificate(der: $0)) }
            let chain = try ([testCase.peer_certificate] + testCase.untrusted_intermediates).flatMap {
                try certificates($0)
            }
            let now = try testCase.validation_time.map { try seconds($0) } ?? Int64(Date().timeIntervalSince1970)
            let purpose: Purpose
            if testCase.validation_kind == "CLIENT" {
                purpose = .client
            } else {
                guard let name = ServerName(testCase.expected_peer_name?.value ?? "") else {
                    return .failure(ChainRefusal(.certificateNameMismatch, "no name"))
                }
                purpose = .server(name)
            }
            let verifier = ChainVerifier(
                anchors: anchors, purpose: purpose, maxDepth: testCase.max_chain_depth ?? 8, profile: profile)
            return verifier.verify(chain: chain, at: now)
        } catch let refusal as ChainRefusal {
            return .failure(refusal)
        } catch {
            return .failure(ChainRefusal(.certificateMalformed, "\(error)"))
        }
    }

    private static func certificates(_ pem: String) throws -> [[UInt8]] {
        try PEMBlock.parse(Array(pem.utf8), source: "case").map(\.der)
    }

    private static func seconds(_ text: String) throws -> Int64 {
        let whole = text.replacing(/\.\d+/, with: "")
        return Int64(try Date(whole, strategy: .iso8601).timeIntervalSince1970)
    }
}
