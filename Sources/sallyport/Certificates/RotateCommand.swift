import ArgumentParser
import SallyportAudit
import SallyportPKI

extension LocalAuthority.Rotation: ExpressibleByArgument {}

struct RotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "A new intermediate, or a new root with a new intermediate, with overlap.",
        discussion: """
            What the former authority issued stays good until it has expired, or until --finish. A running gateway \
            takes the new one over at once, without a failed request. After a new root, give ca/root.pem to the \
            clients; those that know only the former root go on working meanwhile.
            """)

    @Argument(help: "intermediate (default) or root.")
    var part: LocalAuthority.Rotation?
    @Flag(name: .customLong("finish"), help: "End the overlap: refuse what former authorities issued.")
    var finish = false
    @Option(
        name: .customLong("root-key"), help: "The root's key, when it is kept elsewhere.",
        completion: .file(extensions: ["key", "pem"]))
    var rootKey: String?
    @Flag(name: .customLong("yes"), help: "Do not ask.")
    var yes = false
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func validate() throws {
        guard !finish || (part == nil && rootKey == nil) else {
            throw ValidationError("--finish ends an overlap; it takes neither a part nor --root-key")
        }
    }

    func run() throws {
        let state = try state.locate()
        let audit = try OperatorAudit.required(in: state)
        let authority = try finish ? finishRotation(state) : rotate(state)
        let what = finish ? "overlap ended" : "new \((part ?? .intermediate).rawValue)"
        try audit.record(AuditEntry(.authorityRotated, object: what, detail: "intermediate \(authority.intermediate.serial)"))
        let text = AuthorityText(authority, at: Environment.now())
        Terminal.print(json.isOn ? text.json : text.description)
        try tellRunningGateway(state)
    }

    // MARK: steps

    private func rotate(_ state: StateDirectory) throws(CommandFailure) -> LocalAuthority {
        let part = part ?? .intermediate
        let what = part == .root ? "Replace the root and the intermediate?" : "Replace the intermediate?"
        try confirm("\(what) What they issued stays good until it expires.", doing: "rotate")
        do throws(PKIError) {
            let key: PrivateKey? = if let rootKey { try PEMFile.privateKey(at: rootKey) } else { nil }
            return try LocalAuthority.rotate(part, in: state, rootKey: key, at: Environment.now())
        } catch {
            throw CommandFailure(error)
        }
    }

    private func finishRotation(_ state: StateDirectory) throws(CommandFailure) -> LocalAuthority {
        let ended = try clientsEnded(in: state)
        if !ended.isEmpty {
            Terminal.note(
                "still valid and refused afterwards: client certificates of \(Self.names(ended)); renew them first: "
                    + "sallyport cert renew NAME")
        }
        try confirm("Refuse from now on what former authorities issued?", doing: "finish")
        do throws(PKIError) { return try LocalAuthority.finishRotation(in: state, at: Environment.now()) } catch {
            throw CommandFailure(error)
        }
    }

    /// Client certificates that are valid and will be refused, of names without one that goes on being accepted.
    private func clientsEnded(in state: StateDirectory) throws(CommandFailure) -> [IssuedRecord] {
        let now = Environment.now()
        do throws(PKIError) {
            let authority = try LocalAuthority.open(state, at: now)
            let ended = try authority.endedByFinishing(at: now).filter { $0.kind == .client }
            let serials = Set(ended.map(\.serial))
            let goingOn = try authority.issued().filter {
                $0.kind == .client && $0.state(at: now) == .valid && !serials.contains($0.serial)
            }
            let renewed = Set(goingOn.map(\.name))
            return ended.filter { !renewed.contains($0.name) }
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func names(_ records: [IssuedRecord]) -> String {
        let names = Set(records.map(\.name)).sorted()
        return names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }

    private func confirm(_ question: String, doing verb: String) throws(CommandFailure) {
        guard yes || Terminal.confirm(question) else {
            throw CommandFailure(.failed, "nothing was changed", fix: "to \(verb) without being asked: --yes")
        }
    }

    private func tellRunningGateway(_ state: StateDirectory) throws(CommandFailure) {
        guard let reply = try AdminClient(state: state).tell(.rotated) else {
            return Terminal.note("no gateway is running on this state; the next one will know")
        }
        if !reply.text.isEmpty { Terminal.note(reply.text) }
        if reply.status != 0 {
            throw CommandFailure(.failed, "rotated, but the running gateway does not know", fix: reply.messages)
        }
        Terminal.next(finish ? "ca show" + self.state.repeated : "cert renew NAME" + self.state.repeated)
    }
}
