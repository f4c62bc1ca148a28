/// What an audit record says, before it has its place in the chain.
///
/// Who, what, under which rule and generation, with which result. Texts that peers control are cut to
/// `longestText`. No secret ever goes into one.
package struct AuditEntry: Sendable, Hashable {
    /// Bytes of UTF-8 of each text; what is longer is cut and ends in an ellipsis.
    package static let longestText = 512

    /// Nanoseconds since 1970.
    package var time: Int64
    package var event: AuditEvent
    package var outcome: AuditOutcome
    /// Who, by the first name that the configuration gives to them; of a command, the user of the system.
    package var actor: String?
    /// Of the actor's certificate or token: who vouches for them, and whom they are to them.
    package var issuer: String?
    package var subject: String?
    /// What it was done to: a certificate, a key, a method and path.
    package var object: String?
    /// `SP3001`
    package var reason: String?
    /// The route or other rule that decided.
    package var rule: String?
    package var generation: Int?
    package var request: String?
    package var connection: String?
    package var address: String?
    package var detail: String?

    package init(
        _ event: AuditEvent, _ outcome: AuditOutcome, at time: Int64, actor: String? = nil, issuer: String? = nil,
        subject: String? = nil, object: String? = nil, reason: String? = nil, rule: String? = nil,
        generation: Int? = nil, request: String? = nil, connection: String? = nil, address: String? = nil,
        detail: String? = nil
    ) {
        self.time = max(0, time)
        self.event = event
        self.outcome = outcome
        self.actor = actor.map(Self.bounded)
        self.issuer = issuer.map(Self.bounded)
        self.subject = subject.map(Self.bounded)
        self.object = object.map(Self.bounded)
        self.reason = reason.map(Self.bounded)
        self.rule = rule.map(Self.bounded)
        self.generation = generation.map { max(0, $0) }
        self.request = request.map(Self.bounded)
        self.connection = connection.map(Self.bounded)
        self.address = address.map(Self.bounded)
        self.detail = detail.map(Self.bounded)
    }

    private static func bounded(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        var kept = ""
        var room = longestText - "…".utf8.count
        for scalar in text.unicodeScalars {
            room -= UTF8.width(scalar)
            if room < 0 { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + "…"
    }
}
