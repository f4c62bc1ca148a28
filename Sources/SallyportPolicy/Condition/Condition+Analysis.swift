import SallyportModel

// What a condition can come to at all, before any request is there. Hours, minutes and weekdays are few and are gone
// through one by one; of other facts every value is thought possible, also together with every other.
extension Condition {
    /// - Parameter absent: what no request of the kind in question has.
    package func outcomes(without absent: Set<FactGroup> = []) -> OutcomeSet {
        moments.reduce(into: []) { $0.formUnion(outcomes(at: $1, Premise(absent: absent))) }
    }

    /// Whether a request that has everything else is left undecided for want of this.
    package func needs(_ groups: Set<FactGroup>) -> Bool {
        guard !groups.isEmpty else { return false }
        let premise = Premise(absent: groups, hasTheRest: true)
        return moments.contains { outcomes(at: $0, premise).contains(.undecided) }
    }

    /// A comparison that comes to the same for every request.
    package struct Constant: Sendable, Hashable {
        package let text: String
        /// In UTF-8 bytes of the condition.
        package let range: Range<Int>
        package let holds: Bool
    }

    package var constants: [Constant] {
        zip(steps, ranges).compactMap { step, range in
            guard case .test(let test) = step else { return nil }
            let outcomes = moments.reduce(into: OutcomeSet()) { $0.formUnion(test.outcomes(at: $1, Premise())) }
            guard outcomes == .holds || outcomes == .fails else { return nil }
            return Constant(text: source(of: range), range: range, holds: outcomes == .holds)
        }
    }

    /// Groups of identities that the condition names, with their places.
    package var namedGroups: [(name: String, range: Range<Int>)] {
        zip(steps, ranges).compactMap { step, range in
            guard case .test(let test) = step, case .fact(let fact) = test.subject, fact.name == .identityGroups,
                case .hasElement(.text(let name)) = test.predicate
            else { return nil }
            return (String(decoding: name, as: UTF8.self), range)
        }
    }

    /// What the condition asks for, of these.
    package func asked(of groups: Set<FactGroup>) -> [FactGroup] {
        var asked: Set<FactGroup> = []
        for case .test(let test) in steps { asked.formUnion(test.groups) }
        return FactGroup.allCases.filter { groups.contains($0) && asked.contains($0) }
    }

    private func source(of range: Range<Int>) -> String {
        String(decoding: text.utf8.dropFirst(range.lowerBound).prefix(range.count), as: UTF8.self)
    }

    // MARK: time

    /// One for each way in which the condition can tell points in time apart.
    private var moments: [Moment] {
        var asked: Set<FactName> = []
        for case .test(let test) in steps { asked.formUnion(test.facts) }
        let hours = asked.contains(.timeHour) ? Array(0...23) : [0]
        let minutes = asked.contains(.timeMinute) ? Array(0...59) : [0]
        let weekdays = asked.contains(.timeWeekday) ? CivilTime.weekdays : [CivilTime.weekdays[0]]
        return weekdays.flatMap { weekday in
            hours.flatMap { hour in minutes.map { Moment(hour: hour, minute: $0, weekday: weekday) } }
        }
    }

    private func outcomes(at moment: Moment, _ premise: Premise) -> OutcomeSet {
        var stack: [OutcomeSet] = []
        for step in steps {
            switch step {
            case .test(let test): stack.append(test.outcomes(at: moment, premise))
            case .not: stack.append(!(stack.popLast() ?? .all))
            case .and: stack.append((stack.popLast() ?? .all).combined(with: stack.popLast() ?? .all, min))
            case .or: stack.append((stack.popLast() ?? .all).combined(with: stack.popLast() ?? .all, max))
            case .skipIfFails, .skipIfHolds: break
            }
        }
        return stack.last ?? .all
    }
}

private struct Premise {
    var absent: Set<FactGroup> = []
    /// Requests have everything but that, once.
    var hasTheRest = false

    func lacks(_ group: FactGroup?) -> Bool { group.map(absent.contains) ?? false }
}

private struct Moment {
    let hour: Int
    let minute: Int
    let weekday: String

    func value(of name: FactName) -> FactValue? {
        switch name {
        case .timeHour: .number(hour)
        case .timeMinute: .number(minute)
        case .timeWeekday: .text(.string(weekday))
        default: nil
        }
    }
}

extension Test {
    /// Names of all facts that it looks at.
    fileprivate var facts: [FactName] {
        guard case .fact(let fact) = subject else { return [] }
        switch predicate {
        case .equalsFact(let other), .orderedFact(_, let other), .isElementOf(let other): return [fact.name, other.name]
        default: return [fact.name]
        }
    }

    fileprivate var groups: [FactGroup] {
        if case .group(let group) = subject { return [group] }
        return facts.compactMap(\.group)
    }

    fileprivate func outcomes(at moment: Moment, _ premise: Premise) -> OutcomeSet {
        let outcomes = plainOutcomes(at: moment, premise)
        return isNegated ? !outcomes : outcomes
    }

    private func plainOutcomes(at moment: Moment, _ premise: Premise) -> OutcomeSet {
        let isAbsent = groups.contains(where: premise.lacks)
        guard case .fact(let fact) = subject else { return isAbsent ? .fails : [.holds, .fails] }
        if case .isThere = predicate {
            return isAbsent ? .fails : fact.name.isAlwaysThere ? .holds : [.holds, .fails]
        }
        if isAbsent { return .undecided }
        if let value = moment.value(of: fact.name), let truth = decidedAlone(value) { return OutcomeSet(Outcome(truth)) }
        return premise.hasTheRest || facts.allSatisfy(\.isAlwaysThere) ? [.holds, .fails] : .all
    }
}

extension FactName {
    /// What a request has to have for the fact to be there.
    package var group: FactGroup? { rawValue.split(separator: ".").first.flatMap { FactGroup(rawValue: String($0)) } }
}
