@testable import SallyportModel
@testable import SallyportPKI

/// A chain of whatever a peer presents ends in a verdict, within the budget, and the explanation agrees with it.
///
/// Certificates stand one behind the other, two octets of length before each. The first one is the anchor.
func fuzzCertificateChain(_ input: [UInt8]) {
    var certificates: [[UInt8]] = []
    var rest = input[...]
    while rest.count > 2, certificates.count < 16 {
        let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
        certificates.append(Array(rest.dropFirst(2).prefix(length)))
        rest = rest.dropFirst(2 + length)
    }
    guard let first = certificates.first else { return }
    let now: Int64 = 1_800_000_000
    for profile in [CertificateProfile.privateAuthority, .publicAuthority] {
        let verifier = ChainVerifier(anchors: anchors(first), purpose: .client, maxDepth: 3, profile: profile)
        let chain = Array(certificates.dropFirst())
        let (result, tree) = verifier.explain(chain: chain, at: now)
        for use in tree.budget.prefix(2) { require(use.used <= use.allowed + 1, "the budget is exceeded") }
        let text = tree.text(.ascii)
        require(text.utf8.allSatisfy { $0 == 0x0A || (0x20...0x7E).contains($0) }, "unsafe text in an explanation")
        switch (result, verifier.verify(chain: chain, at: now)) {
        case (.success(let one), .success(let other)):
            require(one.facts == other.facts && tree.leaf?.isTrusted == true, "two verdicts")
        case (.failure(let one), .failure(let other)):
            require(one == other && tree.leaf?.isTrusted != true, "two verdicts")
        default: fatalError("an explanation of another verdict")
        }
    }
}

private func anchors(_ der: [UInt8]) -> [TrustAnchor] {
    do throws(ChainRefusal) {
        return [TrustAnchor(authority: "fuzz", certificate: try ParsedCertificate(der: der))]
    } catch {
        require(!error.detail.isEmpty, "a refusal without a detail")
        return []
    }
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
