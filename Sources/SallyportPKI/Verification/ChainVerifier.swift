import SallyportModel

/// Finds a path from a presented certificate to a trust anchor and checks all of it (RFC 5280 section 6.1).
///
/// The same input and time give the same answer, on any thread; a second look at a known intermediate is cheaper.
package struct ChainVerifier: Sendable {
    let anchors: [TrustAnchor]
    let revocation: RevocationFeed
    let purpose: Purpose
    let maxDepth: Int
    let budget: VerificationBudget
    let profile: CertificateProfile
    let memory = IntermediateMemory()

    /// - Parameters:
    ///   - revocation: what is withdrawn; the newest view is taken for each chain.
    ///   - maxDepth: intermediates allowed between leaf and anchor; self-issued ones are not counted.
    package init(
        anchors: [TrustAnchor], revocation: RevocationFeed = RevocationFeed(), purpose: Purpose, maxDepth: Int,
        budget: VerificationBudget = .default, profile: CertificateProfile = .privateAuthority
    ) {
        self.anchors = anchors
        self.revocation = revocation
        self.purpose = purpose
        self.maxDepth = maxDepth
        self.budget = budget
        self.profile = profile
    }

    /// - Parameters:
    ///   - der: certificates as presented, leaf first, the rest in any order.
    ///   - now: seconds since 1970.
    package func verify(chain der: [[UInt8]], at now: Int64) -> Result<VerifiedChain, ChainRefusal> {
        var recorder: VerdictRecorder?
        var meter = VerificationMeter(budget)
        return examine(der, at: now, meter: &meter, recorder: &recorder)
    }

    /// The verdict of `verify`, and all that led to it. Costs more; for the operator's eyes only.
    package func explain(
        chain der: [[UInt8]], at now: Int64
    ) -> (result: Result<VerifiedChain, ChainRefusal>, tree: VerdictTree) {
        var recorder: VerdictRecorder? = VerdictRecorder()
        var meter = VerificationMeter(budget)
        let result = examine(der, at: now, meter: &meter, recorder: &recorder)
        var finished = recorder ?? VerdictRecorder()
        return (result, finished.tree(of: result, purpose: purpose, at: now, budget: meter.use))
    }

    private func examine(
        _ der: [[UInt8]], at now: Int64, meter: inout VerificationMeter, recorder: inout VerdictRecorder?
    ) -> Result<VerifiedChain, ChainRefusal> {
        do throws(ChainRefusal) {
            try checkSize(der, &recorder)
            let leaf = try Self.parse(der, at: 0, &recorder)
            do throws(ChainRefusal) {
                return .success(try search(from: leaf, der, at: now, meter: &meter, recorder: &recorder))
            } catch {
                var named = error
                named.subject = PrintableText.make(leaf.subject)
                named.issuer = PrintableText.make(leaf.issuer)
                named.serial = String(leaf.serial.prefix(64))
                return .failure(named)
            }
        } catch {
            return .failure(error)
        }
    }

    private func search(
        from leaf: ParsedCertificate, _ der: [[UInt8]], at now: Int64, meter: inout VerificationMeter,
        recorder: inout VerdictRecorder?
    ) throws(ChainRefusal) -> VerifiedChain {
        var others: [PathSearch.Presented] = []
        var unusable: ChainRefusal?
        for index in der.indices.dropFirst() {
            do throws(ChainRefusal) {
                others.append(PathSearch.Presented(certificate: try read(der, at: index, &recorder), place: index + 1))
            } catch {
                guard Self.mayBePassedOver.contains(error.reason) else { throw error }
                unusable = unusable ?? error
            }
        }
        var search = PathSearch(
            presented: others, unusable: unusable,
            checks: PathChecks(self, now: now, meter: meter, recorder: recorder))
        defer { (meter, recorder) = (search.checks.meter, search.checks.recorder) }
        return try search.run(from: leaf)
    }

    /// A certificate that is well-formed but of no use here, such as one for a newer kind of key beside its twin for
    /// an older one, is no reason to refuse the others. A damaged one is.
    private static let mayBePassedOver: Set<Reason> = [.certificateKeyForbidden, .certificateAlgorithmForbidden]

    private func read(
        _ der: [[UInt8]], at index: Int, _ recorder: inout VerdictRecorder?
    ) throws(ChainRefusal) -> ParsedCertificate {
        guard let known = memory.certificate(der: der[index]) else { return try Self.parse(der, at: index, &recorder) }
        recorder?.record(.encoding, "\(index + 1) is \(known.subject), met before")
        return known
    }

    private func checkSize(_ der: [[UInt8]], _ recorder: inout VerdictRecorder?) throws(ChainRefusal) {
        let bytes = der.reduce(0) { $0 + $1.count }
        let found: ChainRefusal? =
            if der.isEmpty {
                ChainRefusal(.certificateMalformed, "no certificate was presented")
            } else if der.count > budget.certificates {
                ChainRefusal(
                    .certificateChainTooLarge,
                    "\(der.count) certificates were presented, \(budget.certificates) are allowed")
            } else if bytes > budget.bytes {
                ChainRefusal(
                    .certificateChainTooLarge, "\(bytes) bytes were presented, \(budget.bytes) are allowed")
            } else {
                nil
            }
        recorder?.record(.presentedChain, "certificates: \(der.count), bytes: \(bytes)", found)
        if let found { throw found }
    }

    private static func parse(
        _ der: [[UInt8]], at index: Int, _ recorder: inout VerdictRecorder?
    ) throws(ChainRefusal) -> ParsedCertificate {
        do {
            let certificate = try ParsedCertificate(der: der[index])
            recorder?.record(.encoding, "\(index + 1) is \(certificate.subject), \(certificate.keyKind) key")
            return certificate
        } catch {
            let detail = "certificate \(index + 1) of \(der.count): \(error.detail)"
            let named =
                index == 0
                ? ChainRefusal(
                    error.reason, detail, subject: error.subject, issuer: error.issuer, serial: error.serial)
                : ChainRefusal(error.reason, detail)
            recorder?.record(.encoding, "", named)
            throw named
        }
    }
}
