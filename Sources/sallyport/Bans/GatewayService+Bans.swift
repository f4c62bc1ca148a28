import SallyportAudit
import SallyportEdge
import SallyportPKI
import SallyportProxy
import SallyportStore

// Who is not served, as commands ask for it. What comes over the socket is checked as what people type.
extension GatewayService {
    nonisolated func bans() -> AdminReply {
        let bans = register.all
        return AdminReply(text: BanText.table(bans), json: BanText.json(bans))
    }

    nonisolated func ban(_ request: AdminRequest) -> AdminReply {
        let now = Environment.now()
        return reply { () throws(CommandFailure) in
            let subject = try BanText.subject(request.subject ?? "")
            let because = request.because ?? ""
            try BanText.check(because)
            let doubt = try self.doubt(about: subject)
            guard request.seconds.map({ (1...(400 * 86_400)).contains($0) }) ?? true else {
                throw CommandFailure(
                    .usage, "a ban of \(request.seconds ?? 0) s is none: it lasts from 1 s to 400 days, or until it is lifted",
                    fix: "such as --for 12h, or --forever")
            }
            let ban = Ban(
                subject, since: now, until: request.seconds.map { now + Int64($0) }, because: because, source: .manual)
            let result: BanList.Addition
            do throws(PKIError) { result = try register.add(ban) } catch { throw CommandFailure(error) }
            let note = result == .replaced ? "  (in place of another ban)" : ""
            try record(.banAdded, [ban], by: request)
            return AdminReply(
                text: "\(Terminal.tick) banned  \(BanText.line(ban))\(note)", json: BanText.json([ban]), messages: doubt)
        }
    }

    /// A ban of a name that nobody has shuts nobody out, and looks as if it did.
    private nonisolated func doubt(about subject: BanSubject) throws(CommandFailure) -> String {
        guard case .identity(let name) = subject else { return "" }
        let configuration = currentConfiguration
        if let members = configuration.groups.members(of: name) {
            throw CommandFailure(
                .usage, "\(name) is a group, and a ban is of an identity or an address",
                fix: "ban its members: \(members.isEmpty ? "it has none" : members.joined(separator: ", "))")
        }
        return configuration.doubt(aboutName: name).map { "warning: \($0)" } ?? ""
    }

    nonisolated func liftBan(_ request: AdminRequest) -> AdminReply {
        reply { () throws(CommandFailure) in
            let lifted = if let text = request.subject { try lift(text) } else { try liftAll() }
            try record(.banLifted, lifted, by: request)
            let lines = lifted.map { "\(Terminal.tick) lifted  \(BanText.line($0))" }
            return AdminReply(
                text: lines.isEmpty ? "nobody was banned" : lines.joined(separator: "\n"), json: BanText.json(lifted))
        }
    }

    /// On the disk when it returns.
    private nonisolated func record(
        _ event: AuditEvent, _ bans: [Ban], by request: AdminRequest
    ) throws(CommandFailure) {
        let actor = OperatorAudit.actor(of: request.user)
        for ban in bans {
            do throws(StoreError) {
                try audit?.commit(AuditEntry(event, object: ban.subject.text, detail: ban.because, by: actor))
            } catch {
                throw CommandFailure(
                    .failed, "it was done, but is not in the audit trail: \(error.reason.name): \(error.detail)",
                    fix: error.reason.fix.description)
            }
        }
    }

    private nonisolated func lift(_ text: String) throws(CommandFailure) -> [Ban] {
        let subject = try BanText.subject(text)
        let ban: Ban?
        do throws(PKIError) { ban = try register.remove(subject) } catch { throw CommandFailure(error) }
        guard let ban else {
            throw CommandFailure(
                .failed, "there is no ban of \(subject.text)", fix: "list who is banned: sallyport ban list")
        }
        return [ban]
    }

    private nonisolated func liftAll() throws(CommandFailure) -> [Ban] {
        do throws(PKIError) { return try register.removeAll() } catch { throw CommandFailure(error) }
    }

    /// After another process has handed over: what it was told meanwhile.
    nonisolated func readBansAgain() {
        do throws(PKIError) { try register.readAgain() } catch {
            Terminal.error(CommandFailure(error).message)
        }
    }

    private nonisolated func reply(_ work: () throws(CommandFailure) -> AdminReply) -> AdminReply {
        do throws(CommandFailure) { return try work() } catch {
            let fix = error.fix.map { "\nfix: \($0)" } ?? ""
            return AdminReply(error.status, messages: "error: \(error.message)\(fix)")
        }
    }
}
