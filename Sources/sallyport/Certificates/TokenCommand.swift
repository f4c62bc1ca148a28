import ArgumentParser
import SallyportConfig
import SallyportModel
import SallyportPKI

struct CertificateTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make a token that is good for one certificate from a running gateway.",
        discussion: """
            The token is shown once and kept nowhere. Its holder sends a certificate request to the path of \
            `pki.enrolment`; the names are those given here, whatever the request asks for.
            """)

    @Argument(help: "Who the certificate is for.")
    var name: String
    @Flag(name: .customLong("server"), help: "A server certificate; NAME is its first name.")
    var server = false
    @Option(name: .customLong("uri"), help: "URI name of a client. Default: spiffe://sallyport.local/client/NAME.")
    var uri: String?
    @Option(name: .customLong("dns"), help: "DNS name, or address of a server; may be given several times.")
    var dns: [String] = []
    @OptionGroup var lifetime: LifetimeOption
    @Option(name: .customLong("for"), help: "How long the token is good, such as 15m or 24h.")
    var validity: String = "1h"
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let directory = try state.locate()
        let now = Environment.now()
        let expiresAt = now + (try DurationOption.seconds(validity, in: 60...(7 * 86_400), named: "--for"))
        let lifetime = try lifetime.lifetime() ?? .seconds(86_400)
        if server, uri != nil { throw CommandFailure(.usage, "a server certificate has no URI: leave --uri out") }
        let grant = EnrolmentGrant(
            kind: server ? .server : .client, name: name, names: (server ? [name] : []) + dns, uri: uri,
            lifetime: lifetime.components.seconds, expiresAt: expiresAt)
        do throws(PKIError) {
            show(try EnrolmentTokens(directory).make(grant, at: now), grant)
        } catch {
            throw CommandFailure(error)
        }
    }

    private func show(_ token: String, _ grant: EnrolmentGrant) {
        guard !json.isOn else {
            return Terminal.print(
                JSONValue.members([
                    "token": .string(token), "kind": .string(grant.kind.rawValue), "name": .string(name),
                    "expiresAt": .integer(Int(grant.expiresAt)),
                ]).pretty)
        }
        Terminal.print(token)
        Terminal.note(
            "good for one \(grant.kind.rawValue) certificate for \(name), until \(LocalTime.minute(grant.expiresAt))")
        Terminal.next("explain pki.enrolment")
    }
}

/// A duration on the command line, as the configuration writes it.
enum DurationOption {
    static func seconds(_ text: String, in range: ClosedRange<Int64>, named option: String) throws(CommandFailure)
        -> Int64
    {
        guard let duration = DurationArgument.parse(text), range.contains(duration.components.seconds) else {
            let least = DurationText.text(.seconds(range.lowerBound))
            throw CommandFailure(
                .usage, "\(option) \(text): this is no duration from \(least) to \(range.upperBound / 86_400)d",
                fix: "such as \(option) 24h")
        }
        return duration.components.seconds
    }
}
