import SallyportModel

/// Counts the work spent on one chain and refuses when the budget is gone.
struct VerificationMeter: Sendable {
    private let budget: VerificationBudget
    private var steps = 0
    private var signatures = 0
    private var nameComparisons = 0

    init(_ budget: VerificationBudget) { self.budget = budget }

    mutating func step() throws(ChainRefusal) {
        steps += 1
        try Self.check(steps, budget.steps, "candidate issuers")
    }

    mutating func signature() throws(ChainRefusal) {
        signatures += 1
        try Self.check(signatures, budget.signatures, "signature checks")
    }

    mutating func nameComparisons(_ count: Int) throws(ChainRefusal) {
        nameComparisons += count
        try Self.check(nameComparisons, budget.nameComparisons, "comparisons with name constraints")
    }

    var use: [BudgetUse] {
        [
            BudgetUse(name: "candidate issuers", used: steps, allowed: budget.steps),
            BudgetUse(name: "signature checks", used: signatures, allowed: budget.signatures),
            BudgetUse(
                name: "comparisons with name constraints", used: nameComparisons, allowed: budget.nameComparisons),
        ]
    }

    private static func check(_ spent: Int, _ allowed: Int, _ what: StaticString) throws(ChainRefusal) {
        guard spent <= allowed else {
            throw ChainRefusal(.certificateBudgetExceeded, "more than \(allowed) \(what)")
        }
    }
}
