import ArgumentParser
import Glibc
import SallyportAudit
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportStore

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who did what, and proof that nobody changed the record of it.",
        discussion: "What is recorded is said in `audit` of the configuration; what operators do always is.",
        subcommands: [AuditVerifyCommand.self, AuditExportCommand.self, AuditTailCommand.self, AuditResumeCommand.self])
}

struct AuditVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Look at every record, and name what was deleted, changed, reordered or cut off.",
        discussion: """
            Prints the head, which says all about the trail up to now. Keep it elsewhere and give it to a later \
            --head: then even somebody who has this machine's key cannot change what came before it.
            """)

    @Option(name: .customLong("key"), help: "A public key that has signed checkpoints as well; may be given several times.", completion: .file())
    var keys: [String] = []
    @Option(name: .customLong("head"), help: "SEQUENCE:HASH, as an earlier `audit verify` printed it.")
    var head: String?
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let expected = try expectedHead()
        let keys = try keys.map { path throws(CommandFailure) in try AuditKeyText.read(path) }
        let directory = try state.locate()
        let report: AuditReport
        do throws(StoreError) {
            report = try AuditInspection(of: directory).verify(keys: keys, expected: expected)
        } catch {
            throw CommandFailure(error)
        }
        Terminal.print(json.isOn ? AuditText.json(report) : AuditText.text(report))
        guard report.isSound else { throw CommandFailure.reported(.failed) }
        if !json.isOn { Terminal.next("audit export" + state.repeated) }
    }

    private func expectedHead() throws(CommandFailure) -> AuditHead? {
        guard let head else { return nil }
        guard let expected = AuditHead(text: head) else {
            throw CommandFailure(.usage, "--head wants SEQUENCE:HASH", fix: "as `sallyport audit verify` prints it")
        }
        return expected
    }
}

struct AuditExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print records as JSON, one on a line, or what they are checked with.")

    @Option(name: .customLong("after"), help: "Only records behind this number.")
    var after: Int64 = 0
    @Flag(name: .customLong("checkpoints"), help: "The signed checkpoints instead.")
    var checkpoints = false
    @Flag(name: .customLong("public-key"), help: "The key that checkpoints of this gateway are checked with, as PEM, instead.")
    var publicKey = false
    @OptionGroup var state: StateOption

    func validate() throws {
        guard !(checkpoints && publicKey) else { throw ValidationError("give --checkpoints or --public-key, not both") }
        guard after >= 0 else { throw ValidationError("--after is the number of a record") }
    }

    func run() throws {
        let state = try state.locate()
        do throws(StoreError) {
            let inspection = try AuditInspection(of: state)
            if publicKey { return try printKey(inspection) }
            if checkpoints {
                for checkpoint in try inspection.store.auditCheckpoints() {
                    Terminal.print(AuditText.json(checkpoint).compact)
                }
                return
            }
            _ = try inspection.printLinks(after: after, asJSON: true)
        } catch {
            throw CommandFailure(error)
        }
    }

    private func printKey(_ inspection: AuditInspection) throws(StoreError) {
        guard let key = try inspection.publicKey() else {
            throw StoreError(.auditKeyUnusable, "audit/key", "there is none")
        }
        Terminal.print(AuditKeyText.pem(key))
    }
}

struct AuditTailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "The newest records; with --follow those that come, too.")

    @Option(name: .customLong("lines"), help: "How many of those that are there.")
    var lines = 20
    @Flag(name: .customLong("follow"), help: "Go on until interrupted.")
    var follow = false
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func validate() throws {
        guard (0...1_000_000).contains(lines) else { throw ValidationError("--lines is 0 to 1000000") }
    }

    func run() throws {
        let state = try state.locate()
        do throws(StoreError) {
            let inspection = try AuditInspection(of: state)
            let head = try inspection.store.auditHead()
            var last = try inspection.printLinks(after: max(0, head.sequence - Int64(lines)), asJSON: json.isOn)
            while follow {
                usleep(250_000)
                last = try inspection.printLinks(after: max(last, head.sequence), asJSON: json.isOn)
            }
        } catch {
            throw CommandFailure(error)
        }
    }
}

struct AuditResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Declare that records are missing, and go on behind the gap.",
        discussion: """
            After a backup was restored, or key or mark were lost, no gateway adds to the trail until somebody says why. \
            The declaration is itself a record, and every `audit verify` shows the gap.
            """)

    @Option(name: .customLong("because"), help: "Why records are missing.")
    var because: String
    @Flag(name: .customLong("yes"), help: "Do not ask.")
    var yes = false
    @OptionGroup var state: StateOption

    func run() throws {
        guard !because.isEmpty else { throw CommandFailure(.usage, "--because wants words") }
        let state = try state.locate()
        let lock = try InstanceLock(preparing: state)
        guard yes || Terminal.confirm("Declare that records of the audit trail are missing?") else {
            throw CommandFailure(.failed, "nothing was declared", fix: "to do it without being asked: --yes")
        }
        do throws(StoreError) {
            let head = try AuditTrail.resume(in: state, actor: OperatorAudit.actor, because: because)
            Terminal.print("\(Terminal.tick) the trail goes on with record \(head.sequence)")
        } catch {
            throw CommandFailure(error)
        }
        _ = consume lock
        Terminal.next("audit verify" + self.state.repeated)
    }
}

extension AuditInspection {
    /// - Returns: the number of the last one.
    fileprivate func printLinks(after sequence: Int64, asJSON: Bool) throws(StoreError) -> Int64 {
        var last = sequence
        while case let links = try store.auditLinks(after: last, limit: 512), let newest = links.last?.sequence {
            for link in links {
                Terminal.print(asJSON ? AuditText.json(link) : AuditText.line(link))
            }
            last = newest
        }
        return last
    }
}
