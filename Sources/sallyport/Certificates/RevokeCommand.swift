import ArgumentParser
import SallyportAudit
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportStore

struct CertificateRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Withdraw certificates; a running gateway refuses them and cuts them off.",
        discussion: """
            With NAME: certificates of the built-in authority; that can't be undone. With --serial, --key, --spiffe or \
            --issuer: a line on this gateway's own deny list, for certificates of any authority; --undo takes it back.
            """)

    @Argument(help: "Whose certificates of the built-in authority, or the serial number of one.")
    var nameOrSerial: String?
    @OptionGroup var denied: DenyOptions
    @Option(
        name: .customLong("reason"),
        help: "keyCompromise, superseded, privilegeWithdrawn or another of RFC 5280 section 5.3.1.")
    var reason = "unspecified"
    @Flag(name: .customLong("undo"), help: "Take a line of the deny list back.")
    var undo = false
    @Flag(name: .customLong("yes"), help: "Do not ask.")
    var yes = false
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        guard let reason = RevocationReason(name: reason) else {
            throw CommandFailure(
                .usage, "\(self.reason.debugDescription) is not a reason",
                fix: "one of: " + RevocationReason.selectable.map(\.name).joined(separator: ", "))
        }
        switch (nameOrSerial, denied.isEmpty) {
        case (let name?, true): try revoke(name, reason)
        case (nil, false): try undo ? takeBack() : deny(reason)
        default:
            throw CommandFailure(
                .usage, "say what is to be revoked", fix: "either NAME, or one of --serial, --key, --spiffe, --issuer")
        }
    }

    // MARK: the built-in authority

    private func revoke(_ name: String, _ reason: RevocationReason) throws {
        guard !undo else {
            throw CommandFailure(
                .usage, "what the built-in authority has withdrawn stays withdrawn", fix: "issue anew: sallyport cert client \(name)")
        }
        let state = try state.locate()
        let authority = try AuthorityAccess(state: state).open()
        try confirm("Revoke every valid certificate of \(name)? It can't be undone.", "revoked")
        let revoked: [IssuedRecord]
        do throws(PKIError) {
            revoked = try authority.revoke(name, reason: reason, at: Environment.now())
        } catch {
            throw CommandFailure(error)
        }
        guard !revoked.isEmpty else {
            throw CommandFailure(
                .failed, "\(name.debugDescription) has no valid certificate here", fix: "see: sallyport cert list")
        }
        if json.isOn {
            Terminal.print(CertificateDescription.json(revoked))
        } else {
            for record in revoked {
                Terminal.print(
                    "\(Terminal.tick) revoked  \(record.kind.rawValue) \(record.name)  serial \(record.serial)")
            }
        }
        let records = revoked.map { record in
            CertificateRecord(
                revoked: record.serial, kind: record.kind.rawValue, name: record.name, reason: reason.name,
                actor: OperatorAudit.actor, way: "cert revoke")
        }
        try finish(state, "revoked", next: "cert list") { audit throws(CommandFailure) in try audit.record(records) }
    }

    // MARK: the deny list

    private func deny(_ reason: RevocationReason) throws {
        let state = try state.locate()
        let entry = DenyEntry(try denied.subject(), since: Environment.now(), reason: reason)
        try confirm("Refuse \(entry.text) from now on?", "denied")
        let isNew: Bool
        do throws(PKIError) { isNew = try DenyListFile(state).add(entry) } catch { throw CommandFailure(error) }
        if json.isOn {
            Terminal.print(DenyText.json([entry]))
        } else {
            Terminal.print("\(Terminal.tick) denied  \(entry.text)" + (isNew ? "" : "  (it was on the list already)"))
        }
        try finish(state, "denied", next: "cert denied") { audit throws(CommandFailure) in
            try audit.record(AuditEntry(.certificateDenied, object: entry.text, detail: reason.name))
        }
    }

    private func takeBack() throws {
        let state = try state.locate()
        let subject = try denied.subject()
        let entry: DenyEntry
        do throws(PKIError) { entry = try DenyListFile(state).remove(subject) } catch { throw CommandFailure(error) }
        if json.isOn {
            Terminal.print(DenyText.json([entry]))
        } else {
            Terminal.print("\(Terminal.tick) no longer denied  \(entry.text)")
        }
        try finish(state, "taken back", next: "cert denied") { audit throws(CommandFailure) in
            try audit.record(AuditEntry(.certificateAllowed, object: entry.text))
        }
    }

    // MARK: both

    private func confirm(_ question: String, _ done: String) throws(CommandFailure) {
        guard yes || Terminal.confirm(question) else {
            throw CommandFailure(.failed, "nothing was \(done)", fix: "to do it without being asked: --yes")
        }
    }

    /// Neither a gateway that does not answer nor a trail that cannot be written to keeps the other from being tried.
    private func finish(
        _ state: StateDirectory, _ done: String, next: String, record: (OperatorAudit) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        let recorded = Result { () throws(CommandFailure) in try record(OperatorAudit.wanted(in: state)) }
        try tellRunningGateway(state, done: done, next: next)
        try recorded.get()
    }

    private func tellRunningGateway(_ state: StateDirectory, done: String, next: String) throws(CommandFailure) {
        guard let reply = try AdminClient(state: state).tell(.revoked) else {
            return Terminal.note("no gateway is running on this state; the next one will know")
        }
        if !reply.text.isEmpty { Terminal.note(reply.text) }
        if reply.status != 0 {
            throw CommandFailure(.failed, "\(done), but the running gateway does not know", fix: reply.messages)
        }
        Terminal.next(next + self.state.repeated)
    }
}

/// What a line of the deny list names.
struct DenyOptions: ParsableArguments {
    @Option(name: .customLong("serial"), help: "A serial number in hexadecimal, of every issuer unless --issuer is given.")
    var serial: String?
    @Option(name: .customLong("key"), help: "The SHA-256 of a public key in hexadecimal.")
    var key: String?
    @Option(name: .customLong("spiffe"), help: "A SPIFFE ID.")
    var spiffe: String?
    @Option(
        name: .customLong("issuer"),
        help: "An authority of `pki.authorities`, or an issuer's name as `cert inspect` shows it.")
    var issuer: String?

    var isEmpty: Bool { serial == nil && key == nil && spiffe == nil && issuer == nil }

    func subject() throws(CommandFailure) -> DenyEntry.Subject {
        do throws(RevocationFault) {
            return try DenyEntry.Subject(serial: serial, key: key, spiffe: spiffe, issuer: issuer)
        } catch {
            throw CommandFailure(.usage, error.description, fix: error.reason.fix.description)
        }
    }
}

struct CertificateDeniedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "denied", abstract: "What stands on this gateway's own deny list.")

    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let list = DenyListFile(try state.locate())
        let entries: [DenyEntry]
        do throws(PKIError) { entries = try list.entries() } catch { throw CommandFailure(error) }
        if json.isOn { return Terminal.print(DenyText.json(entries)) }
        Terminal.print(DenyText.table(entries))
        Terminal.next("cert revoke --serial HEX" + state.repeated)
    }
}

/// The deny list for people and scripts.
enum DenyText {
    static func table(_ entries: [DenyEntry]) -> String {
        if entries.isEmpty { return "nothing is denied" }
        return entries.map { "\(LocalTime.minute($0.since))  \($0.reason.name)  \($0.text)" }.joined(separator: "\n")
    }

    static func json(_ entries: [DenyEntry]) -> String {
        JSONValue.array(entries.map(json)).pretty
    }

    private static func json(_ entry: DenyEntry) -> JSONValue {
        var serial: String?
        var issuer: String?
        var key: String?
        var spiffe: String?
        switch entry.subject {
        case .serial(let text, let of): (serial, issuer) = (text, of)
        case .key(let text): key = text
        case .spiffe(let text): spiffe = text
        case .issuer(let text): issuer = text
        }
        return .members([
            "serial": serial.map(JSONValue.string), "issuer": issuer.map(JSONValue.string),
            "key": key.map(JSONValue.string), "spiffe": spiffe.map(JSONValue.string),
            "since": .integer(Int(entry.since)), "reason": .string(entry.reason.name),
        ])
    }
}
