import FoundationEssentials
import SallyportModel

/// Puts the cases of a suite to `ChainVerifier`, with the budget that a listener has.
package struct LimboHarness: Sendable {
    private let profile: CertificateProfile
    private let now: Int64
    private let explains: Bool

    /// - Parameters:
    ///   - now: for cases that name no time; seconds since 1970.
    ///   - explains: whether the context is the whole verdict tree instead of one line.
    package init(profile: CertificateProfile, now: Int64, explains: Bool = false) {
        self.profile = profile
        self.now = now
        self.explains = explains
    }

    package func run(_ suite: LimboSuite) -> LimboReport {
        LimboReport(results: suite.testcases.map(verdict))
    }

    package func verdict(_ testCase: LimboCase) -> LimboReport.Verdict {
        do throws(CaseEnd) {
            let (verifier, chain, time) = try prepare(testCase)
            guard !explains else { return explained(testCase, verifier.explain(chain: chain, at: time)) }
            return testCase.verdict(on: verifier.verify(chain: chain, at: time))
        } catch {
            switch error {
            case .unsupported(let what): return testCase.verdict(.skipped, "not supported: \(what)")
            case .unreadable(let what): return testCase.verdict(.failure, what)
            }
        }
    }

    private func explained(
        _ testCase: LimboCase, _ explained: (result: Result<VerifiedChain, ChainRefusal>, tree: VerdictTree)
    ) -> LimboReport.Verdict {
        testCase.verdict(testCase.verdict(on: explained.result).actualResult, explained.tree.text())
    }

    private func prepare(
        _ testCase: LimboCase
    ) throws(CaseEnd) -> (verifier: ChainVerifier, chain: [[UInt8]], time: Int64) {
        try testCase.checkSupport()
        let purpose = try testCase.purpose()
        let anchors = try Self.certificates(testCase.trustedCerts).compactMap(Self.anchor)
        let chain = try Self.certificates([testCase.peerCertificate] + testCase.untrustedIntermediates)
        let time = try testCase.validationTime.map { text throws(CaseEnd) in try Self.seconds(text) } ?? now
        let verifier = ChainVerifier(
            anchors: anchors, revocation: RevocationFeed(try Self.revocation(testCase.crls ?? [])), purpose: purpose,
            maxDepth: testCase.maxChainDepth ?? Self.defaultDepth, profile: profile)
        return (verifier, chain, time)
    }

    /// As if the lists were configured for the authority that all anchors of a case belong to.
    private static func revocation(_ texts: [String]) throws(CaseEnd) -> RevocationView {
        guard !texts.isEmpty else { return .none }
        var lists: [(list: CertificateList, source: String)] = []
        for text in texts {
            do {
                lists += try CertificateListFile.lists(in: Array(text.utf8)).map { ($0, "case") }
            } catch {
                throw .unreadable("revocation list: \(error.detail)")
            }
        }
        return RevocationView(
            policies: [authority: RevocationPolicy(hasLists: true)], lists: [authority: lists])
    }

    private static let authority = "limbo"

    private static let defaultDepth = 8

    /// Nil for one that cannot be used: no path ends in it.
    private static func anchor(_ der: [UInt8]) -> TrustAnchor? {
        do {
            return TrustAnchor(authority: authority, certificate: try ParsedCertificate(der: der))
        } catch {
            return nil
        }
    }

    private static func certificates(_ texts: [String]) throws(CaseEnd) -> [[UInt8]] {
        var certificates: [[UInt8]] = []
        for text in texts {
            do {
                certificates += try PEMBlock.parse(Array(text.utf8), source: "case").map(\.der)
            } catch {
                throw .unreadable("PEM: \(error.detail)")
            }
        }
        return certificates
    }

    private static func seconds(_ text: String) throws(CaseEnd) -> Int64 {
        do {
            let date = try Date(text.replacing(/\.\d+/, with: ""), strategy: .iso8601)
            return Int64(date.timeIntervalSince1970)
        } catch {
            throw .unsupported("the validation time \(PrintableText.make(text, limit: 64))")
        }
    }
}

/// Why a case ends before it is put to the verifier.
private enum CaseEnd: Error {
    case unsupported(String)
    case unreadable(String)
}

extension LimboCase {
    /// Features that no verdict is given on: there is no list of public suffixes here.
    private static let unsupportedFeatures: Set<String> = ["pedantic-public-suffix-wildcard"]

    fileprivate func checkSupport() throws(CaseEnd) {
        if let feature = (features ?? []).first(where: Self.unsupportedFeatures.contains) {
            throw .unsupported("the feature \(feature)")
        }
        guard signatureAlgorithms?.isEmpty ?? true else { throw .unsupported("a choice of signature algorithms") }
        let usage = validationKind == "CLIENT" ? "clientAuth" : "serverAuth"
        if let other = (extendedKeyUsage ?? []).first(where: { $0 != usage }) {
            throw .unsupported("the extended key usage \(other) for \(validationKind)")
        }
        if let other = (keyUsage ?? []).first(where: { $0 != "digitalSignature" }) {
            throw .unsupported("the key usage \(other)")
        }
    }

    fileprivate func purpose() throws(CaseEnd) -> Purpose {
        switch (validationKind, expectedPeerName) {
        case ("CLIENT", _): return .client
        case ("SERVER", let name?) where ["DNS", "IP"].contains(name.kind):
            guard let server = ServerName(name.value) else {
                throw .unreadable("\(PrintableText.make(name.value)) is no name of a server")
            }
            return .server(server)
        case ("SERVER", _): throw .unsupported("a server without DNS name or IP address")
        default: throw .unsupported("the validation kind \(PrintableText.make(validationKind, limit: 64))")
        }
    }

    fileprivate func verdict(on result: Result<VerifiedChain, ChainRefusal>) -> LimboReport.Verdict {
        switch result {
        case .failure(let refusal):
            return verdict(.failure, "\(refusal.reason.name) \(refusal.reason.title): \(refusal.detail)")
        case .success(let chain):
            for name in expectedPeerNames ?? [] where validationKind == "CLIENT" && !chain.facts.bears(name) {
                return verdict(.failure, "the certificate does not bear \(PrintableText.make(name.value))")
            }
            return verdict(.success, chain.pathDescription)
        }
    }

    fileprivate func verdict(_ result: LimboReport.Verdict.Result, _ context: String) -> LimboReport.Verdict {
        LimboReport.Verdict(id: id, actualResult: result, context: PrintableText.make(context, limit: 1 << 16))
    }
}

extension CertificateFacts {
    fileprivate func bears(_ name: LimboCase.PeerName) -> Bool {
        switch name.kind {
        case "DNS": dnsNames.contains(name.value)
        case "IP": addresses.contains(name.value)
        case "RFC822": emails.contains(name.value)
        default: false
        }
    }
}
