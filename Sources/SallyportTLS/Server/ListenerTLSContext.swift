import SallyportConfig

/// What a listener shakes hands with: one context for each policy of its plan. Immutable.
package struct ListenerTLSContext: Sendable {
    package let plan: ListenerTLSPlan
    private let contexts: [ServerTLSContext]

    /// - Parameter make: called once for each policy.
    package init<Failure>(
        _ plan: ListenerTLSPlan, make: (ListenerTLSPlan.Policy) throws(Failure) -> ServerTLSContext
    ) throws(Failure) {
        self.plan = plan
        var contexts: [ServerTLSContext] = []
        for policy in plan.policies { contexts.append(try make(policy)) }
        self.contexts = contexts
    }

    package subscript(id: HostPolicyID) -> ServerTLSContext { contexts[id.index] }

    /// The rules for a server name, as it stands in a ClientHello; nil: no rules, so nobody is let in.
    package func policy(serverName: String?) -> (id: HostPolicyID, context: ServerTLSContext)? {
        plan.policy(serverName: serverName).map { ($0, contexts[$0.index]) }
    }

    /// The earliest end of a server certificate's validity, seconds since 1970.
    package var notAfter: Int64 { contexts.map(\.notAfter).min() ?? 0 }
}
