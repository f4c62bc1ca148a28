import ArgumentParser
import SallyportAudit
import SallyportConfig
import SallyportModel
import SallyportPKI

/// `sallyport key`
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make, list and revoke API keys.",
        discussion: "A running gateway takes changes up within two seconds.",
        subcommands: [Create.self, List.self, Revoke.self])
}

extension KeyCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an API key, which is shown once and kept nowhere.",
            discussion: """
                Clients send it as `Authorization: Bearer sp_…` or `X-API-Key: sp_…` to routes under a policy with \
                `apiKeys: true`.
                """)

        @Argument(help: "What the key is called; 1 to 64 of A-Z a-z 0-9 . _ -")
        var name: String
        @Option(name: .customLong("identity"), help: "The only identity or group that may use it. Default: whoever has it.")
        var identity: String?
        @Option(
            name: .customLong("for"), help: "How long it is good, such as 24h or 90d. Default: until it is revoked.")
        var validity: String?
        @OptionGroup var file: ConfigurationOption
        @OptionGroup var state: StateOption
        @OptionGroup var json: JSONFlag

        func run() throws {
            let now = Environment.now()
            if let identity { warn(of: identity) }
            let expiresAt = try validity.map { text in
                now + (try DurationOption.seconds(text, in: 60...(3650 * 86_400), named: "--for"))
            }
            let directory = try state.locate()
            let audit = try OperatorAudit.required(in: directory)
            let key: APIKey
            do throws(PKIError) {
                key = try APIKeyFile(directory).create(
                    name: CertificateName(name), identity: identity, expiresAt: expiresAt, at: now)
            } catch {
                throw CommandFailure(error)
            }
            try record(expiresAt, audit, directory)
            show(key, expiresAt)
        }

        /// A key that is not recorded is not given out.
        private func record(_ expiresAt: Int64?, _ audit: OperatorAudit, _ state: StateDirectory) throws(CommandFailure) {
            let words = identity.map { "for \($0)" } ?? "for whoever has it"
            let end = expiresAt.map { ", until \($0)" } ?? ""
            do throws(CommandFailure) { try audit.record(AuditEntry(.keyCreated, object: name, detail: words + end)) } catch {
                do throws(PKIError) { try APIKeyFile(state).revoke(name: name) } catch { throw CommandFailure(error) }
                throw CommandFailure(.failed, "the key was taken back: \(error.message)", fix: error.fix)
            }
        }

        /// A key that is bound to nobody is of no use to anybody.
        private func warn(of identity: String) {
            let unchecked = "whether anybody is called \(identity) was not checked"
            do {
                let path = try file.resolve()
                guard let configuration = try ConfigurationSource(path).load().configuration else {
                    return Terminal.note("\(unchecked): \(path) has errors, see sallyport check")
                }
                if let doubt = configuration.doubt(aboutName: identity, takesGroups: true) {
                    Terminal.note("warning: \(path): \(doubt)")
                }
            } catch {
                Terminal.note("\(unchecked): name the configuration with -c FILE")
            }
        }

        private func show(_ key: APIKey, _ expiresAt: Int64?) {
            guard !json.isOn else {
                return Terminal.print(
                    JSONValue.members([
                        "key": .string(key.text), "name": .string(name), "identity": identity.map(JSONValue.string),
                        "expiresAt": expiresAt.map { .integer(Int($0)) },
                    ]).pretty)
            }
            Terminal.print(key.text)
            let end = expiresAt.map { "until \(LocalTime.minute($0))" } ?? "until it is revoked"
            Terminal.note(
                "\(name) is good \(end)" + (identity.map { ", for \($0) only" } ?? "") + "; it is not shown again")
            Terminal.next("key list")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Which API keys there are.")

        @OptionGroup var state: StateOption
        @OptionGroup var json: JSONFlag

        func run() throws {
            let directory = try state.locate()
            do throws(PKIError) { show(try APIKeyFile(directory).records()) } catch { throw CommandFailure(error) }
        }

        private func show(_ records: [APIKeyRecord]) {
            let now = Environment.now()
            guard !json.isOn else { return Terminal.print(JSONValue.array(records.map(Self.json)).pretty) }
            for record in records { Terminal.print(Self.line(record, at: now)) }
            if records.isEmpty { Terminal.note("there are no API keys") }
            Terminal.next("key create NAME")
        }

        private static func line(_ record: APIKeyRecord, at now: Int64) -> String {
            let end = record.expiresAt.map {
                (record.hasExpired(at: now) ? "expired " : "until ") + LocalTime.minute($0)
            }
            return [
                record.name, record.identity.map { "for \($0)" }, "since " + LocalTime.minute(record.createdAt), end,
            ]
            .compactMap(\.self).joined(separator: "  ")
        }

        private static func json(_ record: APIKeyRecord) -> JSONValue {
            .members([
                "name": .string(record.name), "identity": record.identity.map(JSONValue.string),
                "createdAt": .integer(Int(record.createdAt)), "expiresAt": record.expiresAt.map { .integer(Int($0)) },
            ])
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an API key worthless.")

        @Argument(help: "Its name.")
        var name: String
        @OptionGroup var state: StateOption

        func run() throws {
            let directory = try state.locate()
            do throws(PKIError) { try APIKeyFile(directory).revoke(name: name) } catch { throw CommandFailure(error) }
            try OperatorAudit.wanted(in: directory).record(AuditEntry(.keyRevoked, object: name))
            Terminal.print("\(Terminal.tick) API key \(name) is revoked")
            Terminal.next("key list")
        }
    }
}
