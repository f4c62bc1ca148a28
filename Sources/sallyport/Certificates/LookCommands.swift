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
