import SallyportConfig
import SallyportHTTP

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

    /// For a reply of the gateway.
    package static func fields(_ states: [LimitState]) -> [Field] {
        var fields: [Field] = []
        write(states, older: { true }) { name, writeValue in
            var value: [UInt8] = []
            writeValue(&value)
            fields.append(Field(name: "\(name)", value: String(decoding: value, as: UTF8.self)))
        }
        return fields
    }

    /// For a response that passes: complete lines.
    ///
    /// - Parameter older: whether the older fields may be added; asked where a limit wants them.
    package static func append(_ states: [LimitState], older: () -> Bool, to lines: inout [UInt8]) {
        lines.reserveCapacity(lines.count + 128 * states.count)
        write(states, older: older) { name, writeValue in
            lines.append(name)
            lines.append(": ")
            writeValue(&lines)
            lines.append("\r\n")
        }
    }

    /// Whole seconds, at least 1.
    package static func retryAfter(_ decision: LimitDecision) -> UInt64 { max(1, seconds(decision.retryAfter)) }

    private static func write(
        _ states: [LimitState], older: () -> Bool, field: (StaticString, (inout [UInt8]) -> Void) -> Void
    ) {
        if states.contains(where: \.isInDraftFields) {
            field("ratelimit-policy") { list(states, in: &$0) { $0.bound.text.appendPolicy(limit: $0.limit, to: &$1) } }
            field("ratelimit") {
                list(states, in: &$0) { state, out in
                    state.bound.text.appendState(
                        remaining: state.remaining, seconds: seconds(state.reset), to: &out)
                }
            }
        }
        guard let tightest = tightest(states), older() else { return }
        field("x-ratelimit-limit") { $0.append(decimal: tightest.limit) }
        field("x-ratelimit-remaining") { $0.append(decimal: tightest.remaining) }
        field("x-ratelimit-reset") { $0.append(decimal: seconds(tightest.reset)) }
    }

    private static func list(
        _ states: [LimitState], in out: inout [UInt8], item: (LimitState, inout [UInt8]) -> Void
    ) {
        var isFirst = true
        for state in states where state.isInDraftFields {
            if !isFirst { out.append(", ") }
            isFirst = false
            item(state, &out)
        }
    }

    /// The one of which the smallest part is left; the older fields have room for one.
    private static func tightest(_ states: [LimitState]) -> LimitState? {
        var found: LimitState?
        for state in states where state.isInOlderFields {
            if found.map({ state.isTighter(than: $0) }) ?? true { found = state }
        }
        return found
    }

    private static func seconds(_ nanoseconds: UInt64) -> UInt64 {
        nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 > 0 ? 1 : 0)
    }
}

extension LimitState {
    fileprivate var isInDraftFields: Bool { cause == .quota && bound.text.isInDraftFields }
    fileprivate var isInOlderFields: Bool { cause == .quota && bound.text.isInOlderFields }

    /// Nanoseconds.
    fileprivate var reset: UInt64 { isAdmitted ? untilFull : retryAfter }

    fileprivate func isTighter(than other: LimitState) -> Bool {
        if isAdmitted != other.isAdmitted { return !isAdmitted }
        return Double(remaining) / Double(limit) < Double(other.remaining) / Double(other.limit)
    }
}
