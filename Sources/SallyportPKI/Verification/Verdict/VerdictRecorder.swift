import SallyportModel

/// Writes down what a verifier looks at, while it looks. A verifier that has none pays nothing for it.
///
/// Candidates nest: `begin` and `end` enclose the checks of one certificate and all that is tried above it.
struct VerdictRecorder: Sendable {
    /// More candidates than this are counted and left out.
    static let maximumCandidates = 64

    private struct Open {
        var candidate: CandidateVerdict
        /// Names of the checks still to come.
        var planned: [CheckName]
    }

    private var input: [CheckStep] = []
    private var open: [Open] = []
    private var leaf: CandidateVerdict?
    private var kept = 0
    private var leftOut = 0

    mutating func begin(_ role: CandidateVerdict.Role, _ certificate: ParsedCertificate, planned: [CheckName]) {
        open.append(Open(candidate: CandidateVerdict(role, certificate), planned: planned))
    }

    /// - Parameter refusal: nil when the check passed.
    mutating func record(_ name: CheckName, _ facts: String, _ refusal: ChainRefusal? = nil) {
        let step = CheckStep(name, facts: facts, refusal: refusal)
        guard !open.isEmpty else { return input.append(step) }
        open[open.count - 1].planned.removeAll { $0 == name }
        open[open.count - 1].candidate.checks.append(step)
    }

    /// Closes the candidate that was opened last; what was planned and did not come was not reached.
    mutating func end() {
        guard let last = open.popLast() else { return }
        var candidate = last.candidate
        candidate.checks += last.planned.map(CheckStep.init(notReached:))
        guard !open.isEmpty else {
            leaf = candidate
            return
        }
        kept += 1
        if kept > Self.maximumCandidates {
            leftOut += 1
        } else {
            open[open.count - 1].candidate.issuers.append(candidate)
        }
    }

    /// Closes what an error left open.
    mutating func tree(
        of result: Result<VerifiedChain, ChainRefusal>, purpose: Purpose, at now: Int64, budget: [BudgetUse]
    ) -> VerdictTree {
        while !open.isEmpty { end() }
        return VerdictTree(
            purpose: "\(purpose)", time: now, input: input, leaf: leaf, candidatesLeftOut: leftOut, budget: budget,
            outcome: VerdictTree.Outcome(result))
    }
}

extension VerdictTree.Outcome {
    init(_ result: Result<VerifiedChain, ChainRefusal>) {
        switch result {
        case .success(let chain):
            self = .trusted(
                path: PrintableText.make(chain.pathDescription, limit: 1024), authority: chain.authority,
                validUntil: chain.validUntil)
        case .failure(let refusal):
            self = .refused(
                code: refusal.reason.name, title: "\(refusal.reason.title)",
                detail: PrintableText.make(refusal.detail, limit: 1024), fix: "\(refusal.reason.fix)")
        }
    }
}
