import SallyportLimits

/// Counters that several gateways share. Another client can take the place of `ClusterClient` behind this.
package protocol SharedCounters: Sendable {
    /// Whether they can be asked now, and by how many gateways.
    var view: ClusterView { get }

    /// Puts a question; the answer, or that there is none, goes to the limit's leases, and from there to the requests
    /// that wait.
    func ask(_ request: LeaseRequest)

    /// Gives back what these limits hold, and leaves. Returns when the server has it, or after a while.
    func leave(_ limiters: [Limiter]) async
}
