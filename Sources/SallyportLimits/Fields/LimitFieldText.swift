import SallyportConfig
import SallyportHTTP

/// What `RateLimit-Policy` and `RateLimit` say of one limit whoever asks, as bytes: each response of its route has it.
struct LimitFieldText: Sendable {
    /// `"name";q=100;w=60` for the usual number of requests.
    private let usual: [UInt8]
    private let most: UInt64
    /// `"name"`. Names of limits are letters, digits and `._-`, so that a String of structured fields needs no escape.
    private let name: [UInt8]
    /// `;qu="…";w=…`
    private let parameters: [UInt8]
    /// Places that come back with requests have no time.
    private let isTimed: Bool
    let isInDraftFields: Bool
    let isInOlderFields: Bool

    /// - Parameter most: What a caller may do at once, or in the window.
    init(_ rule: RateLimit, most: UInt64) {
        name = Array("\"\(rule.name)\"".utf8)
        parameters = Array(Self.parameters(rule.quota).utf8)
        isTimed = if case .concurrent = rule.quota { false } else { true }
        isInDraftFields = !rule.isShadow && [.draft, .both].contains(rule.fields)
        isInOlderFields = !rule.isShadow && [.legacy, .both].contains(rule.fields)
        self.most = most
        usual = Self.policy(name, most, parameters)
    }

    /// - Parameter limit: Less than `most` where gateways divide a limit among themselves.
    func appendPolicy(limit: UInt64, to out: inout [UInt8]) {
        out += limit == most ? usual : Self.policy(name, limit, parameters)
    }

    /// - Parameter seconds: Until what is asked for is there again.
    func appendState(remaining: UInt64, seconds: UInt64, to out: inout [UInt8]) {
        out += name
        out.append(";r=")
        out.append(decimal: Self.integer(remaining))
        guard isTimed else { return }
        out.append(";t=")
        out.append(decimal: Self.integer(seconds))
    }

    private static func policy(_ name: [UInt8], _ limit: UInt64, _ parameters: [UInt8]) -> [UInt8] {
        var out = name
        out.append(";q=")
        out.append(decimal: integer(limit))
        return out + parameters
    }

    private static func parameters(_ quota: RateLimit.Quota) -> String {
        switch quota {
        case .concurrent: ";qu=\"concurrent-requests\""
        case .rate(let rate, let burst):
            (rate.unit == .bytes ? ";qu=\"content-bytes\"" : "") + (window(rate, burst).map { ";w=\($0)" } ?? "")
        }
    }

    /// Seconds in which all of the quota comes back; months differ and have none.
    private static func window(_ rate: Rate, _ burst: UInt64) -> UInt64? {
        if rate.period == .day { return 86_400 }
        return rate.period.seconds.map { seconds in
            let (high, low) = burst.multipliedFullWidth(by: seconds)
            guard high < rate.amount else { return integer(.max) }
            let (whole, rest) = rate.amount.dividingFullWidth((high, low))
            return integer(max(1, whole + (rest > 0 ? 1 : 0)))
        }
    }

    /// The largest Integer of structured fields has fifteen digits (RFC 9651 section 3.3.1).
    private static func integer(_ number: UInt64) -> UInt64 { min(number, 999_999_999_999_999) }
}
