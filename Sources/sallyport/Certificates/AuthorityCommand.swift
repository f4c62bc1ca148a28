import ArgumentParser
import SallyportPKI

struct AuthorityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca", abstract: "The built-in certificate authority.",
        subcommands: [Initialise.self, Show.self, RotateCommand.self, RevocationList.self])

    struct Initialise: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Make the root and the intermediate; does nothing when they are there.")

        @OptionGroup var state: StateOption

        func run() throws {
            let authority = try AuthorityAccess(state: state.locate()).openOrCreate()
            Terminal.print(AuthorityText(authority, at: Environment.now()).description)
            Terminal.next("cert client NAME" + state.repeated)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Where the root is, its fingerprint, and all generations with their states and ends.")

        @OptionGroup var state: StateOption
        @OptionGroup var json: JSONFlag

        func run() throws {
            let authority = try AuthorityAccess(state: state.locate()).open()
            let text = AuthorityText(authority, at: Environment.now())
            Terminal.print(json.isOn ? text.json : text.description)
            if !json.isOn { Terminal.next("cert list" + state.repeated) }
        }
    }
}

/// The authority in a state directory, with its errors as a command tells them.
struct AuthorityAccess {
    let state: StateDirectory

    func open() throws(CommandFailure) -> LocalAuthority {
        do throws(PKIError) { return try LocalAuthority.open(state, at: Environment.now()) } catch {
            throw CommandFailure(error)
        }
    }

    func openOrCreate() throws(CommandFailure) -> LocalAuthority {
        do throws(PKIError) {
            try state.prepare()
            return try LocalAuthority.openOrCreate(state, at: Environment.now())
        } catch {
            throw CommandFailure(error)
        }
    }
}

enum Fingerprint {
    /// `4F:9C:…`
    static func text(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }.joined(separator: ":")
    }
}
