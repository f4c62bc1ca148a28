import ArgumentParser
import Glibc
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportPKI
import SallyportProxy

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Make an authority, certificates and a service to protect, and run the gateway.",
        discussion: "Everything it makes is in the state directory. Prints what to try.")

    @Option(name: .customLong("port"), help: "Port of the gateway.")
    var port: UInt16 = 8443
    @Option(name: .customLong("admin-port"), help: "Port of the admin listener. Default: 9443, or one that is free.")
    var adminPort: UInt16?
    @OptionGroup var state: StateOption
    @OptionGroup var workers: WorkersOption

    func run() async throws {
        let demo = Demo(state: try state.locate(), stateOption: state.repeated)
        let lock = try InstanceLock(preparing: demo.state)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let authority = try AuthorityAccess(state: demo.state).openOrCreate()
        let clients = try demo.prepareClients(authority)
        let upstream = try await demo.startUpstream(on: group)
        let adminPort = if let adminPort { adminPort } else { try await LoopbackPort.free(preferring: 9443, on: group) }
        let file = try demo.prepareFile(
            DemoConfiguration(port: port, adminPort: adminPort, upstreamPort: upstream.port))
        let process = GatewayProcess(
            state: demo.state, source: try ConfigurationSource(file.path), threads: try workers.count(), watch: true,
            restart: .failure(
                CommandFailure(.failed, "the demo cannot be replaced while it runs: stop it and start it again")),
            isInteractive: true,
            addressFix: file.wasKept
                ? "change the address in \(file.path), which you edited, or delete it to have it written again"
                : "choose other ports: sallyport demo --port 10443 --admin-port 10444",
            announce: { demo.announce(authority, clients, file, $0) })
        try await process.run(holding: lock)
    }
}

/// The steps of the demo.
struct Demo: Sendable {
    let state: StateDirectory
    /// To repeat in suggested commands.
    let stateOption: String

    private var folder: String { state.path + "/demo" }

    // MARK: certificates

    struct Clients: Sendable {
        var fresh: [String: String] = [:]
        /// Whose certificate was revoked; they get no other one by themselves.
        var revoked: Set<String> = []
    }

    /// alice and bob; certificates that are there and still valid are kept.
    func prepareClients(_ authority: LocalAuthority) throws(CommandFailure) -> Clients {
        var clients = Clients()
        let records: [IssuedRecord]
        do throws(PKIError) { records = try authority.issued() } catch { throw CommandFailure(error) }
        for name in ["alice", "bob"] {
            let newest = records.last { $0.name == name && $0.kind == .client }
            if newest?.revokedAt != nil {
                clients.revoked.insert(name)
                continue
            }
            if try hasCertificate(name) { continue }
            let lifetime = Duration.seconds(90 * 86_400)
            let issued = try IssuedFiles(authority, withPKCS12: true, by: "demo") { () throws(PKIError) in
                try authority.issueClient(name: name, lifetime: lifetime, at: Environment.now())
            }
            clients.fresh[name] = issued.password
        }
        return clients
    }

    /// A day of life left is enough for a demo.
    private func hasCertificate(_ name: String) throws(CommandFailure) -> Bool {
        do throws(PKIError) {
            let checked = try CertificateName(name)
            let path = state.certificate(of: .client, name: checked)
            guard access(path, F_OK) == 0, access(state.key(of: .client, name: checked), F_OK) == 0 else {
                return false
            }
            let leaf = try PEMFile.certificates(at: path).first
            return leaf.map { $0.notAfter > Environment.now() + 86_400 } ?? false
        } catch {
            throw CommandFailure(error)
        }
    }

    // MARK: upstream

    /// On port 9000, or on the port it had before, or on any that is free.
    func startUpstream(on group: any EventLoopGroup) async throws(CommandFailure) -> DemoUpstream {
        for port in [try knownUpstreamPort() ?? 9000, 0] {
            do {
                return try await DemoUpstream.start(port: port, on: group)
            } catch {
                if port == 0 { throw CommandFailure(.failed, "the demo upstream finds no port on 127.0.0.1: \(error)") }
            }
        }
        throw CommandFailure(.failed, "the demo upstream finds no port on 127.0.0.1")
    }

    private var upstreamPortFile: String { folder + "/upstream.port" }

    private func knownUpstreamPort() throws(CommandFailure) -> UInt16? {
        try read(upstreamPortFile).flatMap { UInt16(String(decoding: $0, as: UTF8.self)) }
    }

    // MARK: configuration

    struct File: Sendable {
        var path: String
        var wasKept: Bool
    }

    /// Writes demo/sallyport.yaml unless the operator edited it.
    func prepareFile(_ configuration: DemoConfiguration) throws(CommandFailure) -> File {
        let path = folder + "/sallyport.yaml"
        let copy = folder + "/sallyport.yaml.written"
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw CommandFailure(.failed, "\(folder) cannot be made: \(String(cString: strerror(errno)))")
        }
        try write(String(configuration.upstreamPort), to: upstreamPortFile)
        switch DemoConfiguration.decide(current: try read(path), written: try read(copy)) {
        case .keep: return File(path: path, wasKept: true)
        case .write:
            try write(configuration.text, to: path)
            try write(configuration.text, to: copy)
            return File(path: path, wasKept: false)
        }
    }

    private func read(_ path: String) throws(CommandFailure) -> [UInt8]? {
        do throws(FileReadError) {
            return try SystemFiles().read(path, limit: 1 << 20)
        } catch {
            if error == .missing { return nil }
            throw CommandFailure(.failed, "\(path) \(error.words)")
        }
    }

    private func write(_ text: String, to path: String) throws(CommandFailure) {
        do throws(PKIError) { try StateDirectory.writeAtomically(Array(text.utf8), to: path, mode: 0o600) } catch {
            throw CommandFailure(error)
        }
    }

    // MARK: words

    func announce(_ authority: LocalAuthority, _ clients: Clients, _ file: File, _ listeners: [GatewayStatus.Listener])
    {
        let (tick, fingerprint) = (Terminal.tick, Fingerprint.short(authority.rootFingerprint))
        let ports = Dictionary(
            listeners.map { ($0.kind, ClientAddress.split($0.address)?.port ?? 0) },
            uniquingKeysWith: { first, _ in first })
        let port = ports["https"] ?? 0
        let kept = file.wasKept ? "   (your edits are kept)" : ""
        var lines = [
            "\(tick) local CA            \(authority.state.rootCertificate)   SHA-256 \(fingerprint)",
            "\(tick) server certificate  localhost, 127.0.0.1, ::1   renews itself",
            "\(tick) client certificates alice, bob          (bob has one too, but no rights)",
        ]
        for (name, password) in clients.fresh.sorted(by: { $0.key < $1.key }) {
            lines.append("                      \(state.path)/clients/\(name).p12   password \(password)")
        }
        lines += [
            "\(tick) demo upstream",
            "Gateway  https://localhost:\(port)     mutual TLS required          config \(file.path)\(kept)",
        ]
        if let admin = ports["admin"] {
            lines.append("Admin    https://localhost:\(admin)/status   status as JSON, for alice")
        }
        let trials = [
            ("", outcome("alice", "200 hello alice", clients)), (" --as bob", outcome("bob", "403 SP3001", clients)),
            (" --as nobody", "refused in the handshake: SP2001 in the log, with the command that fixes it"),
        ].map { options, outcome in ("\(Terminal.program) curl /\(options)\(stateOption)", outcome) }
        let width = trials.map(\.0.count).max() ?? 0
        for (index, trial) in trials.enumerated() {
            lines.append((index == 0 ? "Try:  " : "      ") + trial.0.padding(to: width + 3) + trial.1)
        }
        for name in clients.revoked.sorted() {
            lines.append(
                "\(name)'s certificate was revoked. A new one: \(Terminal.program) cert client \(name) --yes\(stateOption)"
            )
        }
        Terminal.print(lines.joined(separator: "\n"))
    }

    private func outcome(_ name: String, _ words: String, _ clients: Clients) -> String {
        clients.revoked.contains(name) ? "refused in the handshake: SP2220, \(name)'s certificate was revoked" : words
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

extension Fingerprint {
    /// `4F:9C:…:11`
    static func short(_ bytes: [UInt8]) -> String {
        guard bytes.count > 3, let last = bytes.last else { return text(bytes) }
        return "\(text(Array(bytes.prefix(2)))):…:\(text([last]))"
    }
}
