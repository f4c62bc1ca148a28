import ArgumentParser
import SallyportAccess
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportProxy

struct RouteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Try routes without sending anything to an upstream.", subcommands: [Test.self])

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Which route a request takes and which rule decides it.",
            discussion: """
                Every decision is made in the order of the gateway and by its own code. Nothing is counted, and no \
                upstream is asked. The keys of issuers are fetched as the gateway fetches them; --jwks FILE is for \
                trying without a network.
                Exit status 0 when the request would be served, 1 when it would be refused.
                """)

        @Argument(help: "GET, POST, …")
        var method: String
        @Argument(help: "https://HOST/PATH, or just /PATH.")
        var url: String
        @Option(
            name: .customLong("as"),
            help: "Identity of the client certificate; may be repeated. Without it: no client certificate.")
        var identities: [String] = []
        @Option(
            name: .customLong("token"), help: "A file with the token of the request; - is standard input.",
            completion: .file())
        var token: String?
        @Option(
            name: .customLong("key"), help: "A file with the API key of the request; - is standard input.",
            completion: .file())
        var key: String?
        @Option(
            name: .customLong("jwks"), help: "A file with the keys of the token's issuer, in place of asking it.",
            completion: .file())
        var jwks: String?
        @Option(
            name: .customLong("certificate"), help: "The client's certificate, for tokens that are bound to one.",
            completion: .file(extensions: ["pem"]))
        var certificate: String?
        @Option(
            name: [.customShort("H"), .customLong("header")], help: "A header field, NAME: VALUE; may be repeated.")
        var headers: [String] = []
        @Option(
            name: .customLong("listener"), help: "The listener that it comes in by. Default: the one at the URL's port.")
        var listener: String?
        @Option(name: .customLong("from"), help: "The client's address. Default: 127.0.0.1.")
        var address = "127.0.0.1"
        @OptionGroup var file: ConfigurationOption
        @OptionGroup var json: JSONFlag
        @OptionGroup var state: StateOption

        func run() async throws {
            let configuration = try ConfigurationSource(file.resolve()).loadOrReport()
            try refuseGroups(configuration.groups)
            let trial = RouteTrial(configuration)
            let request = try request()
            let keys = try await keys(trial.policy(for: request)?.tokens ?? [], configuration)
            let callers = CallerTrial(
                configuration, claimed: identities, keys: keys, certificate: try fingerprint(),
                state: try state.locate(), at: Environment.now())
            if let problem = callers.banProblem { Terminal.note("bans are not known: \(problem)") }
            let report = RouteReport(trial.run(request, callers.evidence), keys: keys.notes)
            Terminal.print(json.isOn ? report.json : report.text)
            if !report.explanation.isAllowed { throw CommandFailure.reported(.failed) }
            if !json.isOn { Terminal.next("curl PATH --as IDENTITY") }
        }

        private func request() throws(CommandFailure) -> RouteTrial.Request {
            guard let address = AddressRange.address(address) else {
                throw CommandFailure(
                    .usage, "--from \(address.debugDescription): this is no IP address", fix: "such as --from 192.0.2.7")
            }
            guard [token, key, jwks].count(where: { $0 == "-" }) <= 1 else {
                throw CommandFailure(.usage, "standard input can be one of --token, --key and --jwks", fix: "name files")
            }
            var fields: [(name: String, value: String)] = []
            for header in headers { fields.append(try Self.header(header)) }
            if let token { fields.append(("Authorization", "Bearer " + (try Self.credential(token, "--token")))) }
            if let key { fields.append(("X-API-Key", try Self.credential(key, "--key"))) }
            return RouteTrial.Request(
                method: method, url: url, headers: fields,
                identity: identities.isEmpty || identities == ["nobody"] ? nil : identities, listener: listener,
                address: address)
        }

        private func keys(_ policies: [TokenPolicy], _ configuration: Configuration) async throws -> TrialKeys {
            if let jwks {
                let document = try Self.contents(jwks, "--jwks", limit: 256 << 10)
                return await .given(document, from: jwks == "-" ? "standard input" : jwks, for: policies)
            }
            let hasToken = token != nil || headers.contains { $0.lowercased().hasPrefix("authorization:") }
            guard hasToken else { return TrialKeys() }
            let secrets = SecretReader(
                environment: Environment.variables, credentialsDirectory: Environment.variables["CREDENTIALS_DIRECTORY"])
            let materials = TrialMaterials(
                configuration, secrets: secrets, state: try state.locate(), at: Environment.now())
            return await .fetched(for: policies, materials)
        }

        private func fingerprint() throws(CommandFailure) -> [UInt8]? {
            guard let certificate else { return nil }
            do throws(PKIError) { return try PEMFile.certificates(at: certificate).first?.fingerprint } catch {
                throw CommandFailure(error)
            }
        }

        /// Nobody comes as a group, so the answer would be about nobody.
        private func refuseGroups(_ groups: IdentityGroups) throws(CommandFailure) {
            for name in identities {
                guard let members = groups.members(of: name) else { continue }
                throw CommandFailure(
                    .usage, "--as \(name): this is a group, and a request comes from an identity",
                    fix: members.isEmpty
                        ? "the group has no members" : "name one of its members: \(members.joined(separator: ", "))")
            }
        }

        // MARK: what files say

        /// One line. It goes into the request that is tried and nowhere else.
        private static func credential(_ path: String, _ option: String) throws(CommandFailure) -> String {
            let bytes = try contents(path, option, limit: 64 << 10)
            let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            guard let line = text.first, !line.isEmpty, text.dropFirst().allSatisfy(\.isEmpty),
                line.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw CommandFailure(
                    .usage, "\(option) \(path): what it holds is not one line without blanks",
                    fix: "put the token or key into it as it is, and nothing else")
            }
            return String(line)
        }

        private static func contents(_ path: String, _ option: String, limit: Int) throws(CommandFailure) -> [UInt8] {
            if path == "-" { return try StandardInput.read(upTo: limit, orFailWith: .usage) }
            do throws(FileReadError) { return try SystemFiles().read(path, limit: limit) } catch {
                throw CommandFailure(.usage, "\(option) \(path): the file \(error.words)", fix: "name a file that can be read")
            }
        }

        private static func header(_ text: String) throws(CommandFailure) -> (name: String, value: String) {
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
                throw CommandFailure(
                    .usage, "--header \(text.debugDescription): this is no header field", fix: "write it as NAME: VALUE")
            }
            let value = text[text.index(after: colon)...].drop { $0 == " " }
            return (String(text[..<colon]), String(value))
        }
    }
}
