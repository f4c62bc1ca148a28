import SallyportConfig

/// What a response says about limits: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) and
/// the older `X-RateLimit-*`. Shadows are not mentioned.
///
/// `t` of a limit that admitted is the time until all of the quota is there again; of one that refused, the time until
/// the request would be admitted, which `Retry-After` is never shorter than.
package enum RateLimitFields {
    package struct Field: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    package static func fields(_ states: [LimitState]) -> [Field] {
        let shown = states.filter { !$0.isShadow && $0.cause == .quota }
        let draft = shown.filter { $0.fields == .draft || $0.fields == .both }
        let legacy = shown.filter { $0.fields == .legacy || $0.fields == .both }
        return (draft.isEmpty ? [] : draftFields(draft)) + (tightest(legacy).map(legacyFields) ?? [])
    }

    /// Whole seconds, at least 1.
    package static func retryAfter(_ decision: LimitDecision) -> UInt64 { max(1, seconds(decision.retryAfter)) }

    // MARK: draft

    private static func draftFields(_ states: [LimitState]) -> [Field] {
        [
            Field(name: "ratelimit-policy", value: states.map(policy).joined(separator: ", ")),
            Field(name: "ratelimit", value: states.map(current).joined(separator: ", ")),
        ]
    }

    /// Names of limits are letters, digits and `._-`, so that a String of structured fields needs no escape.
    private static func policy(_ state: LimitState) -> String {
        let unit =
            switch state.quota {
            case .concurrent: ";qu=\"concurrent-requests\""
            case .rate(let rate, _): rate.unit == .bytes ? ";qu=\"content-bytes\"" : ""
            }
        return "\"\(state.name)\";q=\(integer(state.limit))\(unit)" + (window(state.quota).map { ";w=\($0)" } ?? "")
    }

    private static func current(_ state: LimitState) -> String {
        let time: String =
            if case .concurrent = state.quota { "" } else {
                ";t=\(integer(seconds(state.isAdmitted ? state.untilFull : state.retryAfter)))"
            }
        return "\"\(state.name)\";r=\(integer(state.remaining))\(time)"
    }

    /// Seconds in which all of the quota comes back; months differ and have none.
    private static func window(_ quota: RateLimit.Quota) -> UInt64? {
        guard case .rate(let rate, let burst) = quota else { return nil }
        if rate.period == .day { return 86_400 }
        return rate.period.seconds.map { seconds in
            let (high, low) = burst.multipliedFullWidth(by: seconds)
            guard high < rate.amount else { return integer(.max) }
            let (whole, rest) = rate.amount.dividingFullWidth((high, low))
            return integer(max(1, whole + (rest > 0 ? 1 : 0)))
        }
    }

    // MARK: legacy

    private static func legacyFields(_ state: LimitState) -> [Field] {
        let reset = state.isAdmitted ? state.untilFull : state.retryAfter
        return [
            Field(name: "x-ratelimit-limit", value: "\(state.limit)"),
            Field(name: "x-ratelimit-remaining", value: "\(state.remaining)"),
            Field(name: "x-ratelimit-reset", value: "\(seconds(reset))"),
        ]
    }

    /// The one of which the smallest part is left; these fields have room for one.
    private static func tightest(_ states: [LimitState]) -> LimitState? {
        states.min { left, right in
            if left.isAdmitted != right.isAdmitted { return !left.isAdmitted }
            return Double(left.remaining) / Double(left.limit) < Double(right.remaining) / Double(right.limit)
        }
    }

    // MARK: numbers

    private static func seconds(_ nanoseconds: UInt64) -> UInt64 {
        nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 > 0 ? 1 : 0)
    }

    /// The largest Integer of structured fields has fifteen digits (RFC 9651 section 3.3.1).
    private static func integer(_ number: UInt64) -> UInt64 { min(number, 999_999_999_999_999) }
}
