import SallyportConfig
import SallyportHTTP
import SallyportLimits
import SallyportModel
import SallyportPolicy

/// A rate limit that would count a request that is tried. Nothing is counted.
package struct TrialLimit: Sendable, Hashable {
    package let policy: String
    package let name: String
    /// The rule in words.
    package let rule: String
    /// Whom it counts: `identity alice`.
    package let key: String

    init(_ limit: BoundLimit, _ head: RequestHead, _ caller: Caller, _ route: Route, from address: [UInt8]) {
        policy = limit.policy
        name = limit.rule.name
        rule = limit.rule.words
        let parts = limit.rule.by.map { Self.key($0, head, caller, route) ?? "the client's address" }
        key = parts.isEmpty ? "everybody together" : parts.joined(separator: " and ")
    }

    package var words: String { "limit \(policy)/\(name) counts it for \(key): \(rule)" }

    /// Nil: there is no such thing, and the address stands in.
    private static func key(
        _ part: RateLimit.Partition, _ head: RequestHead, _ caller: Caller, _ route: Route
    ) -> String? {
        switch part {
        case .address: nil
        case .route: "route \(route.name)"
        case .key: caller.key.map { "API key \($0.name)" }
        case .identity: caller.names.first.map { "identity \($0)" } ?? client(caller)
        case .client: client(caller)
        case .claim(let name):
            caller.token.flatMap { $0.claims[path: [name]]?.scalarText }.map { "claim \(name) \(quoted($0))" }
        case .header(let name):
            head.values(of: name).count == 1 ? head.values(of: name).first.map { "\(name) \(quoted($0))" } : nil
        }
    }

    private static func client(_ caller: Caller) -> String? { caller.client.map { "client \(quoted($0))" } }

    private static func quoted(_ text: String) -> String {
        "\"" + String(String.UnicodeScalarView(text.unicodeScalars.prefix(60).map { $0.value < 0x20 ? "?" : $0 })) + "\""
    }
}
