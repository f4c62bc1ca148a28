/// What is recorded in the audit trail beyond what operators do, which always is.
package struct AuditSettings: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Connections that did not get past the handshake.
        case handshakes
        /// Requests that the gateway refused.
        case refusals
    }

    package var keep: Set<Kind>
    /// Names of routes whose requests are passed on, or refused, after their record was written.
    package var strict: Set<String>
    /// How long records are kept; nil: for ever.
    package var retain: Duration?

    package init(keep: Set<Kind> = [], strict: Set<String> = [], retain: Duration? = nil) {
        self.keep = keep
        self.strict = strict
        self.retain = retain
    }
}
