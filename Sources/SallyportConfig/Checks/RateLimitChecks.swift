import SallyportModel

// What the keys of a rate limit mean together.
extension ConfigurationCheck {
    func rateLimits(_ drafts: [Located<RateLimitDraft>], of policy: String) -> [RateLimit] {
        var names: [String: Span] = [:]
        return drafts.compactMap { draft in
            let name = draft.value.name?.value ?? policy
            if let first = names.updateValue(draft.span, forKey: name) {
                session.report(
                    .limitNameTwice, "two limits of the policy are called \"\(name)\"",
                    at: draft.value.name?.span ?? draft.span, help: ["give each limit a `name` of its own"],
                    path: draft.path, related: (first, "first here"))
            }
            return rateLimit(draft.value, name: name, at: draft.span, draft.path)
        }
    }

    private func rateLimit(_ draft: RateLimitDraft, name: String, at span: Span, _ path: KeyPath) -> RateLimit? {
        let scope = draft.scope?.value ?? .local
        if let failure = draft.whenClusterFails, scope == .local {
            contradiction("`whenClusterFails` goes with `scope: cluster`", failure.span, failure.path)
        }
        if let place = draft.scope, scope == .cluster {
            if self.draft.cluster == nil {
                session.report(
                    .clusterNotConfigured, "the limit \"\(name)\" is shared, and there is no `cluster`", at: place.span,
                    help: ["add cluster: { valkey: \"valkeys://HOST:6379\" }"], path: place.path)
            }
            if draft.concurrent != nil {
                contradiction("requests under way are counted in each gateway by itself", place.span, place.path)
            }
        }
        let by = partitions(draft.by)
        guard let quota = quota(draft, at: span, path), draft.isSound else { return nil }
        return RateLimit(
            name: name, by: by, quota: quota, scope: scope,
            whenClusterFails: draft.whenClusterFails?.value ?? .openLocal, isShadow: draft.isShadow,
            fields: draft.fields)
    }

    private func partitions(_ listed: [Located<RateLimit.Partition?>]) -> [RateLimit.Partition] {
        for (index, part) in listed.enumerated() where listed.count > 1 {
            if part.value == nil {
                contradiction("`all` stands alone: everybody is counted together then", part.span, part.path)
            } else if listed[..<index].contains(where: { $0.value == part.value }) {
                contradiction("\"\(part.value?.text ?? "")\" stands twice", part.span, part.path)
            }
        }
        return listed.compactMap(\.value)
    }

    private func quota(_ draft: RateLimitDraft, at span: Span, _ path: KeyPath) -> RateLimit.Quota? {
        if let concurrent = draft.concurrent {
            if let burst = draft.burst { contradiction("`burst` goes with `rate`", burst.span, burst.path) }
            if let count = draft.count { contradiction("`count` goes with `rate`", count.span, count.path) }
            return .concurrent(UInt64(concurrent.value))
        }
        guard var rate = draft.rate?.value else { return nil }
        if let count = draft.count {
            if rate.unit == .bytes, count.value == .requests {
                contradiction("`rate` is a size, and `count` says requests", count.span, count.path)
            }
            rate.unit = count.value
        }
        let burst = UInt64(draft.burst?.value ?? Int(rate.amount))
        if let place = draft.burst { check(burst, rate, place) }
        return .rate(rate, burst: burst)
    }

    private func check(_ burst: UInt64, _ rate: Rate, _ place: Located<Int>) {
        guard let seconds = rate.period.seconds else {
            return contradiction(
                "`burst` goes with rates by the second, minute or hour", place.span, place.path)
        }
        let year: UInt64 = 366 * 86_400
        guard burst / rate.amount > year / seconds else { return }
        session.report(
            .burstTooLarge, "\(burst) come back in more than a year at \(rate.text)", at: place.span, path: place.path)
    }

    private func contradiction(_ message: String, _ span: Span, _ path: KeyPath) {
        session.report(.limitContradiction, message, at: span, path: path)
    }
}
