import ArgumentParser
import SallyportPKI

extension AuthorityCommand {
    struct RevocationList: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "crl",
            abstract: "Sign a revocation list of the built-in authority, for others who trust it.")

        @Option(name: .customLong("out"), help: "The file to write; without it the list goes to standard output, in PEM.")
        var out: String?
        @Flag(name: .customLong("der"), help: "DER instead of PEM.")
        var isDER = false
        @Option(name: .customLong("hours"), help: "How long until the next list, in hours.")
        var hours = 24
        @OptionGroup var state: StateOption

        func run() throws {
            guard (1...8760).contains(hours) else {
                throw CommandFailure(.usage, "a life of \(hours) hours is outside 1 to 8760")
            }
            let authority = try AuthorityAccess(state: state.locate()).open()
            do throws(PKIError) {
                let list = try authority.revocationList(lifetime: .seconds(hours * 3600), at: Environment.now())
                let bytes = isDER ? list : Array(PEMBlock.encode([list], label: CertificateListFile.label).utf8)
                guard let out else { return Terminal.write(bytes) }
                try StateDirectory.writeAtomically(bytes, to: out, mode: 0o644)
                Terminal.print("\(Terminal.tick) revocation list  \(out)")
            } catch {
                throw CommandFailure(error)
            }
        }
    }
}
