/// Names one TLS policy of one listener in one configuration: the profile and certificates that a handshake is made
/// under. Two names with the same number are under the same rules.
///
/// The number means nothing outside its `ListenerTLSPlan`. A connection that outlives its configuration asks the new
/// plan which policy its server name has there.
package struct HostPolicyID: Sendable, Hashable {
    /// Position in `ListenerTLSPlan.policies`.
    package let index: Int

    init(index: Int) { self.index = index }

    /// The listener's own rules, which hold for every name without an entry in `hosts`.
    package static let listener = HostPolicyID(index: 0)
}
