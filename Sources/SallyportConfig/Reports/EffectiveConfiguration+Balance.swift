/// How an upstream is balanced and protected; what is as it is without a key is left out.
extension EffectiveConfiguration {
    static func targets(_ targets: [UpstreamTarget]) -> JSONValue {
        .array(
            targets.map { target in
                if target.weight == 1, target.labels.isEmpty { return .string(target.url) }
                return .members([
                    "url": .string(target.url), "weight": .integer(target.weight),
                    "labels": target.labels.isEmpty ? nil : .strings(target.labels),
                ])
            })
    }

    static func split(_ parts: [SplitPart]) -> JSONValue? {
        parts.isEmpty ? nil : .object(parts.map { .init($0.label, .integer($0.weight)) })
    }

    /// By key; only what differs from the default.
    static func balancing(_ upstream: Upstream) -> [String: JSONValue] {
        let usual = Upstream(name: upstream.name, targets: upstream.targets)
        let balance = upstream.balance
        var members: [String: JSONValue] = [:]
        if balance.method != usual.balance.method { members["balance"] = method(balance.method) }
        if balance.slowStart != .zero { members["slowStart"] = duration(balance.slowStart) }
        if balance.panicBelow != usual.balance.panicBelow { members["panicBelow"] = .string(balance.panicBelow.text) }
        if upstream.health != usual.health { members["health"] = health(upstream.health) }
        if upstream.retries != usual.retries { members["retries"] = retries(upstream.retries) }
        if upstream.circuit != usual.circuit { members["circuit"] = circuit(upstream.circuit) }
        if upstream.concurrency != .fixed { members["concurrency"] = .string(upstream.concurrency.rawValue) }
        if upstream.resolve != usual.resolve { members["resolve"] = duration(upstream.resolve) }
        members["hedge"] = upstream.hedge.map {
            .members(["after": duration($0.after), "share": .string($0.share.text)])
        }
        return members
    }

    private static func duration(_ duration: Duration) -> JSONValue { .string(DurationText.text(duration)) }

    private static func method(_ method: Balance.Method) -> JSONValue {
        switch method {
        case .hash(.identity): .members(["hash": .string("identity")])
        case .hash(.address): .members(["hash": .string("address")])
        case .hash(.header(let name)): .members(["hash": .members(["header": .string(name)])])
        case .hash(.cookie(let name)): .members(["hash": .members(["cookie": .string(name)])])
        default: .string(method.word)
        }
    }

    private static func health(_ health: HealthSettings) -> JSONValue {
        let (check, ejection) = (health.check, health.ejection)
        return .members([
            "path": check.map { .string($0.path) },
            "every": check.map { duration($0.every) },
            "timeout": check.map { duration($0.timeout) },
            "expect": check.map { check in
                .strings(check.expect.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" })
            },
            "downAfter": check.map { .integer($0.downAfter) },
            "upAfter": check.map { .integer($0.upAfter) },
            "ejectAfter": .integer(ejection.after),
            "ejectOn": .strings(ejection.on.map(\.text)),
            "ejectFor": duration(ejection.time),
            "ejectAtMost": .string(ejection.atMost.text),
        ])
    }

    private static func retries(_ retries: Retries) -> JSONValue {
        .members([
            "attempts": .integer(retries.attempts), "on": .strings(retries.on.map(\.text)),
            "budget": .string(retries.budget.text), "perSecond": .integer(retries.perSecond),
        ])
    }

    private static func circuit(_ circuit: Circuit) -> JSONValue {
        .members([
            "maxRequests": .integer(circuit.maxRequests), "maxPending": .integer(circuit.maxPending),
            "maxWait": duration(circuit.maxWait),
        ])
    }
}
