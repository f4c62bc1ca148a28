import SallyportModel

/// Finds a path from a presented certificate to a trust anchor and checks all of it (RFC 5280 section 6.1).
///
/// The same input and time give the same answer, on any thread; a second look at a known intermediate is cheaper.
package struct ChainVerifier: Sendable {
    let anchors: [TrustAnchor]
    let revoked: [String: Set<String>]
    let purpose: Purpose
    let maxDepth: Int
    let budget: VerificationBudget
    let profile: CertificateProfile
    let memory = IntermediateMemory()

    /// - Parameters:
    ///   - revoked: per authority, serial numbers in upper-case hex of certificates under it that are withdrawn.
    ///   - maxDepth: intermediates allowed between leaf and anchor; self-issued ones are not counted.
    package init(
        anchors: [TrustAnchor], revoked: [String: Set<String>] = [:], purpose: Purpose, maxDepth: Int,
        budget: VerificationBudget = .default, profile: CertificateProfile = .privateAuthority
    ) {
        self.anchors = anchors
        self.revoked = revoked
        self.purpose = purpose
        self.maxDepth = maxDepth
        self.budget = budget
        self.profile = profile
    }

    /// - Parameters:
    ///   - der: certificates as presented, leaf first, the rest in any order.
    ///   - now: seconds since 1970.
    package func verify(chain der: [[UInt8]], at now: Int64) -> Result<VerifiedChain, ChainRefusal> {
        do throws(ChainRefusal) {
            try checkSize(der)
            let leaf = try Self.parse(der, at: 0)
            return verify(leaf, presented: der, at: now).mapError { refusal in
                var named = refusal
                named.subject = PrintableText.make(leaf.subject)
                named.issuer = PrintableText.make(leaf.issuer)
                named.serial = String(leaf.serial.prefix(64))
                return named
            }
        } catch {
            return .failure(error)
        }
    }

    private func verify(
        _ leaf: ParsedCertificate, presented der: [[UInt8]], at now: Int64
    ) -> Result<VerifiedChain, ChainRefusal> {
        do throws(ChainRefusal) {
            var others: [ParsedCertificate] = []
            for index in der.indices.dropFirst() {
                if let known = memory.certificate(der: der[index]) {
                    others.append(known)
                } else {
                    others.append(try Self.parse(der, at: index))
                }
            }
            var search = try PathSearch(self, leaf: leaf, presented: others, now: now)
            return .success(try search.run(from: leaf))
        } catch {
            return .failure(error)
        }
    }

    private func checkSize(_ der: [[UInt8]]) throws(ChainRefusal) {
        guard !der.isEmpty else { throw ChainRefusal(.certificateMalformed, "no certificate was presented") }
        guard der.count <= budget.certificates else {
            throw ChainRefusal(
                .certificateChainTooLarge,
                "\(der.count) certificates were presented, \(budget.certificates) are allowed")
        }
        let bytes = der.reduce(0) { $0 + $1.count }
        guard bytes <= budget.bytes else {
            throw ChainRefusal(.certificateChainTooLarge, "\(bytes) bytes were presented, \(budget.bytes) are allowed")
        }
    }

    private static func parse(_ der: [[UInt8]], at index: Int) throws(ChainRefusal) -> ParsedCertificate {
        do {
            return try ParsedCertificate(der: der[index])
        } catch {
            let detail = "certificate \(index + 1) of \(der.count): \(error.detail)"
            guard index == 0 else { throw ChainRefusal(error.reason, detail) }
            throw ChainRefusal(
                error.reason, detail, subject: error.subject, issuer: error.issuer, serial: error.serial)
        }
    }
}
