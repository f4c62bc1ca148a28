import ArgumentParser
import SallyportConfig
import SallyportPKI

struct CertificateListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Everything the authority issued.",
        discussion: "What the gateway issues to its own listeners is one line per name; --all shows each of them.")

    @Flag(name: .customLong("all"), help: "Also server certificates that a newer one of the same name replaced.")
    var all = false
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let authority = try AuthorityAccess(state: state.locate()).open()
        let records: [IssuedRecord]
        do throws(PKIError) { records = try authority.issued() } catch { throw CommandFailure(error) }
        let now = Environment.now()
        if json.isOn { return Terminal.print(CertificateDescription.json(records)) }
        let folded = FoldedRecords(all ? [] : records, at: now)
        Terminal.print(CertificateDescription.table(all ? records : folded.shown, at: now))
        if folded.hidden > 0 { Terminal.note("\(folded.hidden) server certificates replaced by newer ones: --all") }
        Terminal.next("cert client NAME" + state.repeated)
    }
}

struct CertificateRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Withdraw certificates; a running gateway refuses them from then on.")

    @Argument(help: "Whose certificates, or the serial number of one.")
    var nameOrSerial: String
    @Flag(name: .customLong("yes"), help: "Do not ask.")
    var yes = false
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let state = try state.locate()
        let authority = try AuthorityAccess(state: state).open()
        guard yes || Terminal.confirm("Revoke every valid certificate of \(nameOrSerial)? It can't be undone.") else {
            throw CommandFailure(.failed, "nothing was revoked", fix: "to revoke without being asked: --yes")
        }
        let revoked: [IssuedRecord]
        do throws(PKIError) { revoked = try authority.revoke(nameOrSerial, at: Environment.now()) } catch {
            throw CommandFailure(error)
        }
        guard !revoked.isEmpty else {
            throw CommandFailure(
                .failed, "\(nameOrSerial.debugDescription) has no valid certificate here",
                fix: "see: sallyport cert list")
        }
        if json.isOn {
            Terminal.print(CertificateDescription.json(revoked))
        } else {
            for record in revoked {
                Terminal.print(
                    "\(Terminal.tick) revoked  \(record.kind.rawValue) \(record.name)  serial \(record.serial)")
            }
        }
        try tellRunningGateway(state)
    }

    private func tellRunningGateway(_ state: StateDirectory) throws(CommandFailure) {
        guard let reply = try AdminClient(state: state).tell(.revoked) else {
            return Terminal.note("no gateway is running on this state; the next one will know")
        }
        if !reply.text.isEmpty { Terminal.note(reply.text) }
        if reply.status != 0 {
            throw CommandFailure(.failed, "revoked, but the running gateway does not know", fix: reply.messages)
        }
        Terminal.next("cert list" + self.state.repeated)
    }
}
