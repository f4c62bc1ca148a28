import ArgumentParser
import SallyportPKI

/// The harness by which the x509-limbo project, and anybody else, can put certificate chains to the verifier.
struct LimboCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "x509-limbo", abstract: "Judge the certificate chains of an x509-limbo suite.",
        discussion: """
            Reads a suite as JSON from standard input and writes a LimboResult as JSON to standard output. Exit status \
            0 whatever the verdicts are.
            """)

    /// The rules that chains are held to.
    enum Profile: String, ExpressibleByArgument, CaseIterable {
        /// Path validation of RFC 5280, as for the clients of a listener.
        case `private`
        /// In addition what RFC 5280 and the CA/Browser Forum demand of issuers.
        case `public`

        var rules: CertificateProfile { self == .private ? .privateAuthority : .publicAuthority }
    }

    @Option(help: "Rules for authorities that the operator runs, or for those of the public web.")
    var profile = Profile.public
    @Flag(name: .customLong("explain"), help: "Give the whole verdict tree as context.")
    var explains = false

    private static let maximumBytes = 256 << 20

    func run() throws {
        let input = try StandardInput.read(upTo: Self.maximumBytes, orFailWith: .failed)
        let suite: LimboSuite
        do {
            suite = try LimboSuite(json: input)
        } catch {
            throw CommandFailure(
                .failed, "standard input is no x509-limbo suite: \(error)", fix: "sallyport x509-limbo < limbo.json")
        }
        let harness = LimboHarness(profile: profile.rules, now: Environment.now(), explains: explains)
        Terminal.print(try harness.run(suite).json())
    }
}
