import ArgumentParser
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportStore

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "The database in the state directory.",
        subcommands: [StoreShowCommand.self, StoreCheckCommand.self, StoreBackupCommand.self])
}

struct StoreShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "What is in it.")

    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let state = try state.locate()
        let facts: StoreFacts
        do throws(StoreError) { facts = try AuditInspection(of: state).store.facts() } catch { throw CommandFailure(error) }
        Terminal.print(json.isOn ? Self.json(facts, state) : Self.text(facts, state))
        if !json.isOn { Terminal.next("store backup FILE" + self.state.repeated) }
    }

    private static func text(_ facts: StoreFacts, _ state: StateDirectory) -> String {
        let rows = facts.rows.map { "  \($0.table)  \($0.count) rows" }
        let lines = ["\(AuditTrail.databasePath(state))  \(facts.bytes) bytes, \(facts.engine), schema \(facts.schema)"]
        return (lines + rows).joined(separator: "\n")
    }

    private static func json(_ facts: StoreFacts, _ state: StateDirectory) -> String {
        JSONValue.members([
            "path": .string(AuditTrail.databasePath(state)), "engine": .string(facts.engine),
            "schema": .integer(facts.schema), "bytes": .integer(Int(facts.bytes)),
            "rows": .object(facts.rows.map { .init($0.table, .integer(Int($0.count))) }),
        ]).pretty
    }
}

struct StoreCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look at every page of the database.",
        discussion: "A gateway does this whenever it starts. Whether records were changed is asked by `audit verify`.")

    @OptionGroup var state: StateOption

    func run() throws {
        let state = try state.locate()
        do throws(StoreError) { try AuditInspection(of: state).store.check() } catch { throw CommandFailure(error) }
        Terminal.print("\(Terminal.tick) \(AuditTrail.databasePath(state)) is not damaged")
        Terminal.next("audit verify" + self.state.repeated)
    }
}

struct StoreBackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write a consistent copy, also while a gateway runs.",
        discussion: "Keep `audit/` of the state directory with it: the key that signs checkpoints is there.")

    @Argument(help: "The file to write; it must not be there.", completion: .file())
    var file: String
    @OptionGroup var state: StateOption

    func run() throws {
        let state = try state.locate()
        do throws(StoreError) { try AuditInspection(of: state).store.backup(to: file) } catch { throw CommandFailure(error) }
        Terminal.print("\(Terminal.tick) backup  \(file)")
        Terminal.next("store show" + self.state.repeated)
    }
}
