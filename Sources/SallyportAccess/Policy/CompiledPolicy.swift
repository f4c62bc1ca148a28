import SallyportConfig
import SallyportHTTP
import SallyportLimits
import SallyportPolicy

/// The policies that a route is under, put together in the form that the data plane asks.
///
/// What several of them say adds up: the smallest bound holds, every list of addresses and methods has to let the
/// request through, and changes of fields are made one policy after the other.
package final class CompiledPolicy: Sendable {
    /// `baseline` first.
    package let policies: [Policy]
    /// The longest request content, bytes; nil where no policy says more than the listener does.
    package let body: Int?
    let addresses: [(allow: AddressSet?, deny: AddressSet)]
    let methods: [Set<String>]
    let maintenance: [(retryAfter: Int64, except: AddressSet)]
    package let request: CompiledChanges
    package let response: CompiledChanges
    /// Lower-case names of fields of the client that no upstream sees: those that are changed, and those that only a
    /// service that is consulted may set.
    package let withheldFromUpstream: [String]
    let cors: CompiledCrossOrigin?
    /// The longest response content, bytes.
    package let responseBody: Int?
    /// Services that have to agree, in the order of the policies.
    package let consults: [ExternalAuthorization]
    /// Each of them has to be met.
    package let tokens: [TokenPolicy]
    package let needsAPIKey: Bool
    let conditions: [(condition: Condition, isDenial: Bool)]
    /// All rate limits, asked at once.
    package let limits: LimitPlan
    /// Nothing but limits is asked of requests, and nothing changed.
    package let isEmpty: Bool

    /// - Parameter limiters: What limits have counted so far.
    package init(_ policies: [Policy], limiters: LimiterRegistry = LimiterRegistry()) {
        self.policies = policies
        limits = limiters.plan(policies)
        body = policies.compactMap(\.body).min()
        addresses = policies.compactMap(\.addresses).map { ($0.allow.map(AddressSet.init), AddressSet($0.deny)) }
        methods = policies.compactMap(\.methods).map(Set.init)
        maintenance = policies.compactMap(\.maintenance).map {
            ($0.retryAfter.components.seconds, AddressSet($0.except))
        }
        request = CompiledChanges(policies.map(\.request))
        response = CompiledChanges(policies.map(\.response))
        cors = policies.compactMap(\.cors).last.map(CompiledCrossOrigin.init)
        responseBody = policies.compactMap(\.responseBody).min()
        consults = policies.compactMap(\.consult)
        withheldFromUpstream = request.withheld + consults.flatMap(\.take)
        tokens = policies.flatMap { [$0.jwt, $0.introspection].compactMap(\.self) }
        needsAPIKey = policies.contains(where: \.needsAPIKey)
        conditions = policies.flatMap { policy in
            [policy.when.map { ($0, false) }, policy.deny.map { ($0, true) }].compactMap(\.self)
        }
        isEmpty =
            body == nil && addresses.isEmpty && methods.isEmpty && maintenance.isEmpty && request.isEmpty
            && response.isEmpty && cors == nil && responseBody == nil && consults.isEmpty
            && tokens.isEmpty && !needsAPIKey && conditions.isEmpty
    }
}

/// Changes of fields, ready to be written.
package struct CompiledChanges: Sendable {
    /// Lower-case names of fields that do not go on as they came.
    package let withheld: [String]
    /// Complete `name: value` lines with line ends.
    package let lines: [UInt8]
    /// The same, with those for missing fields, for the gateway's own replies.
    package let fields: [(name: String, value: String)]
    /// Lines for heads that have no field of the name.
    private let missing: [(name: [UInt8], line: [UInt8])]

    init(_ changes: [FieldChanges]) {
        var withheld: [String] = []
        var fields: [(name: String, value: String)] = []
        var missing: [(name: String, value: String)] = []
        for change in changes {
            let replaced = change.remove + change.set.map(\.name)
            fields.removeAll { replaced.contains($0.name) }
            missing.removeAll { replaced.contains($0.name) }
            withheld += replaced.filter { !withheld.contains($0) }
            fields += (change.set + change.add).map { ($0.name, $0.value) }
            for field in change.missing where !(fields + missing).contains(where: { $0.name == field.name }) {
                missing.append((field.name, field.value))
            }
        }
        self.withheld = withheld
        self.fields = fields + missing
        self.missing = missing.map { (Array($0.name.utf8), Self.line($0)) }
        lines = fields.flatMap(Self.line)
    }

    private static func line(_ field: (name: String, value: String)) -> [UInt8] {
        Array("\(field.name): \(field.value)\r\n".utf8)
    }

    package var isEmpty: Bool { withheld.isEmpty && fields.isEmpty }

    /// The lines for this head.
    package func lines(for head: some HeadFields) -> [UInt8] {
        missing.reduce(into: lines) { lines, field in
            if !head.fields(named: field.name).contains(where: \.isForwarded) { lines += field.line }
        }
    }
}
