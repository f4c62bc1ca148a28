import SallyportModel

struct AuditDraft: Sendable {
    var keep: [Located<AuditSettings.Kind>]
    var strict: [Located<String>]
    var retain: Duration?
}

/// `audit`: what the audit trail keeps. What operators do is always in it.
enum AuditSection {
    static let keep = Field(
        "keep", .list(of: .choice(noun: "kind of record") as ValueType<AuditSettings.Kind>),
        otherwise: "only what operators do: certificates, keys, bans, reloads, start and stop",
        """
        What is recorded besides: `handshakes` that were refused, and requests that were refused by the gateway \
        (`refusals`).
        """,
        danger: "Whoever can reach the gateway can have records of refusals written; a flood of handshakes is counted.")
    static let strict = Field(
        "strict", .list(of: .text("the name of a route", examples: ["orders"])), otherwise: "none",
        """
        Names of routes whose every request is recorded, and passed on or refused only once the record is on the \
        disk; what cannot be recorded is answered 503.
        """,
        danger: "Each request waits for the disk, and none is answered while the disk takes nothing.")
    static let retain = Field(
        "retain", .duration(.seconds(86_400)...(.seconds(3650 * 86_400))), otherwise: "for ever",
        "How long records are kept; what is older is removed, and a signed anchor says so.")

    static let type = ValueType.record("`audit`", [keep.row, strict.row, retain.row], rules: [.atLeastOne]) { record in
        AuditDraft(
            keep: record[keep]?.value ?? [], strict: record[strict]?.value ?? [], retain: record[retain]?.value)
    }
}

extension ConfigurationCheck {
    func audit() -> AuditSettings {
        guard let audit = draft.audit?.value else { return AuditSettings() }
        let known = draft.routes.compactMap { $0.value.name?.value }
        for name in audit.strict { reference(name, to: "a route", known: known, section: "routes") }
        return AuditSettings(
            keep: Set(audit.keep.map(\.value)), strict: Set(audit.strict.map(\.value)), retain: audit.retain)
    }
}
