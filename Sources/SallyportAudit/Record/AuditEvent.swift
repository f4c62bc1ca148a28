/// What happened. The words stand in records and never change their meaning.
package enum AuditEvent: String, Sendable, CaseIterable {
    /// A connection did not get past the handshake.
    case handshakeRefused = "handshake.refused"
    /// A request was refused by the gateway.
    case requestRefused = "request.refused"
    /// A request on a strict route was let through to its upstream.
    case requestPermitted = "request.permitted"
    case certificateIssued = "certificate.issued"
    case certificateRevoked = "certificate.revoked"
    /// A line came to this gateway's own deny list, or was taken back.
    case certificateDenied = "certificate.denied"
    case certificateAllowed = "certificate.allowed"
    case authorityRotated = "authority.rotated"
    case keyCreated = "key.created"
    case keyRevoked = "key.revoked"
    case banAdded = "ban.added"
    case banLifted = "ban.lifted"
    case configurationLoaded = "configuration.loaded"
    case configurationRefused = "configuration.refused"
    case gatewayStarted = "gateway.started"
    case gatewayStopped = "gateway.stopped"
    /// More of one kind came than are kept one by one; `detail` counts them.
    case recordsSummarised = "audit.summarised"
    /// Old records were removed because their time was over.
    case recordsRemoved = "audit.removed"
    /// Somebody declared that records are missing, and that recording goes on.
    case recordingResumed = "audit.resumed"
}

/// How it ended.
package enum AuditOutcome: String, Sendable, CaseIterable {
    case done, permitted, refused, failed
}
