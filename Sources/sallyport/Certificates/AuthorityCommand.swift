import ArgumentParser
import SallyportConfig
import SallyportPKI

struct AuthorityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca", abstract: "The built-in certificate authority.",
        subcommands: [Initialise.self, Show.self])

    struct Initialise: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Make the root and the intermediate; does nothing when they are there.")

        @OptionGroup var state: StateOption

        func run() throws {
            let authority = try AuthorityAccess(state: state.locate()).openOrCreate()
            Terminal.print(AuthorityText(authority).description)
            Terminal.next("cert client NAME" + state.repeated)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Where the root is, its fingerprint, and how long it is valid.")

        @OptionGroup var state: StateOption
        @OptionGroup var json: JSONFlag

        func run() throws {
            let authority = try AuthorityAccess(state: state.locate()).open()
            let text = AuthorityText(authority)
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

/// An authority for people and scripts.
struct AuthorityText: CustomStringConvertible {
    let description: String
    let json: String

    init(_ authority: LocalAuthority) {
        let fingerprint = Fingerprint.text(authority.rootFingerprint)
        let untilOfIntermediate = LocalTime.minute(authority.intermediate.notAfter)
        description = """
            local CA       \(authority.state.rootCertificate)
            SHA-256        \(fingerprint)
            root           \(authority.root.subject)   until \(LocalTime.minute(authority.root.notAfter))
            intermediate   \(authority.intermediate.subject)   until \(untilOfIntermediate)
            """
        json =
            JSONValue.members([
                "file": .string(authority.state.rootCertificate),
                "sha256": .string(fingerprint),
                "root": Self.certificate(authority.root),
                "intermediate": Self.certificate(authority.intermediate),
            ]).pretty
    }

    private static func certificate(_ certificate: ParsedCertificate) -> JSONValue {
        .members([
            "subject": .string(certificate.subject), "notBefore": .integer(Int(certificate.notBefore)),
            "notAfter": .integer(Int(certificate.notAfter)),
        ])
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
