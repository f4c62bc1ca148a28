import ArgumentParser
import SallyportConfig
import SallyportTLS

struct TLSCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tls", abstract: "How TLS is spoken, here and elsewhere.", subcommands: [GradeCommand.self])
}

struct GradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grade", abstract: "Hold listeners, upstreams or a peer against TLS guidelines.",
        discussion: """
            With HOST:PORT that server is asked, over a few dozen connections, what it agrees to. Without, the listeners
            of the configuration are graded (by asking the gateway when it runs) and its upstreams are asked.
            Guidelines: \(Guideline.all.map(\.name).joined(separator: ", ")).
            Exit status 0 when the guideline that was asked for is met, 1 when not.
            """)

    @Argument(help: "A server to look at; :443 is the default port.")
    var peer: String?
    @OptionGroup var file: ConfigurationOption
    @Option(
        name: .customLong("guideline"),
        help: "Hold against this one only. Default: all; a listener's own profile, or mozilla-intermediate, decides.",
        completion: .list(Guideline.all.map(\.name)))
    var guideline: String?
    @Option(name: .customLong("servername"), help: "The server name to send (SNI). Default: the host, if it is a name.")
    var serverName: String?
    @OptionGroup var json: JSONFlag
    @OptionGroup var state: StateOption

    func run() throws {
        let guideline = try chosenGuideline()
        if let peer {
            let address = try PeerAddress(peer)
            let report = try grade(address, called: peer, guideline, serverName: serverName ?? address.serverName)
            return try show([report], observed: [])
        }
        let configuration = try ConfigurationSource(file.resolve()).loadOrReport()
        let running = try RunningListeners(state: state.locate())
        var reports = configuration.listeners.flatMap { listener -> [GradeReport] in
            guard case .tls(let tls) = listener.kind else { return [] }
            let policies = OwnPolicy.all(
                of: listener.name, tls, profiles: configuration.tlsProfiles, wanted: serverName)
            return policies.map { gradePolicy($0, running, guideline) }
        }
        if let admin = configuration.admin { reports.append(gradePolicy(.admin(admin), running, guideline)) }
        for (address, name) in Self.upstreams(of: configuration) {
            reports.append(gradeUpstream(address, name, guideline))
        }
        guard !reports.isEmpty else { throw CommandFailure(.failed, "the configuration has neither a TLS listener nor an https upstream") }
        try show(reports, observed: running.observed)
    }

    private func chosenGuideline() throws(CommandFailure) -> Guideline? {
        guard let guideline else { return nil }
        guard let known = Guideline.named(guideline) else {
            throw CommandFailure(
                .usage, "there is no guideline \(guideline.debugDescription)",
                fix: "one of: " + Guideline.all.map(\.name).joined(separator: ", "))
        }
        return known
    }

    // MARK: subjects

    private func grade(
        _ address: PeerAddress, called subject: String, _ guideline: Guideline?, serverName: String?,
        asked: String = "mozilla-intermediate"
    ) throws(CommandFailure) -> GradeReport {
        let connection = ProbeConnection(host: address.host, port: address.port)
        var scan = ServerScan(serverName: serverName, ask: connection.ask)
        var posture: ServerPosture
        do throws(ScanFailure) { posture = try scan.run() } catch { throw error.failure(of: subject) }
        if posture.certificates.isEmpty, posture.versions.contains(.tls13) {
            let peer = PeerCertificates(host: address.host, port: address.port, serverName: serverName)
            posture.certificates += [peer.leaf()].compactMap(\.self)
            posture.connections += 1
        }
        return report(subject, posture, guideline, asked: asked)
    }

    private func report(_ subject: String, _ posture: ServerPosture, _ guideline: Guideline?, asked: String) -> GradeReport {
        GradeReport(
            subject: subject, posture: posture, guidelines: guideline.map { [$0] } ?? Guideline.all,
            asked: guideline?.name ?? asked)
    }

    /// By asking the gateway that runs, else by the profile.
    private func gradePolicy(_ own: OwnPolicy, _ running: RunningListeners, _ guideline: Guideline?) -> GradeReport {
        let asked = own.profile.base.gradedBy
        if let address = running.address(of: own.listener), let greeting = own.greeting {
            let name: String? = if case .name(let name) = greeting { name } else { nil }
            do throws(CommandFailure) {
                return try grade(
                    address, called: own.subject.dropLast() + ", running)", guideline, serverName: name, asked: asked)
            } catch {
                Terminal.note("\(own.subject) cannot be asked (\(error.message)); its profile is graded instead")
            }
        }
        let posture = ServerPosture(
            profile: own.profile, certificates: OwnCertificate.strengths(of: own.certificates))
        return report(own.subject, posture, guideline, asked: asked)
    }

    /// One that does not answer is a failed report, and the others are graded all the same.
    private func gradeUpstream(_ address: PeerAddress, _ name: String?, _ guideline: Guideline?) -> GradeReport {
        let subject = "upstream \(address.text)"
        do throws(CommandFailure) {
            return try grade(
                address, called: subject, guideline, serverName: serverName ?? name ?? address.serverName)
        } catch {
            var posture = ServerPosture()
            posture.gaps = [error.message]
            return report(subject, posture, guideline, asked: "mozilla-intermediate")
        }
    }

    /// Every https target once, with the name that is sent to it.
    private static func upstreams(of configuration: Configuration) -> [(PeerAddress, String?)] {
        var seen: Set<String> = []
        return configuration.upstreams.sorted { $0.key < $1.key }.flatMap { _, upstream in
            upstream.targets.filter { $0.scheme == .https }.compactMap { target in
                let address = PeerAddress(host: target.host, port: target.port)
                guard seen.insert("\(address.text) \(upstream.tls.name ?? "")").inserted else { return nil }
                return (address, upstream.tls.name)
            }
        }
    }

    // MARK: output

    private func show(_ reports: [GradeReport], observed: [ObservedClientsReport]) throws(CommandFailure) {
        let passes = reports.allSatisfy(\.passes)
        if json.isOn {
            Terminal.print(
                JSONValue.members([
                    "passes": .bool(passes), "reports": .array(reports.map(\.json)),
                    "observedClients": .array(observed.map(\.shortJSON)),
                ]).pretty)
        } else {
            Terminal.print(reports.map(\.text).joined(separator: "\n\n"))
            for clients in observed where clients.hellos > 0 { Terminal.print("\n" + clients.text) }
        }
        guard passes else { throw .reported(.failed) }
        if !json.isOn { Terminal.next("status --json" + state.repeated) }
    }
}

extension ScanFailure {
    func failure(of subject: String) -> CommandFailure {
        switch self {
        case .unreachable(let words):
            CommandFailure(.failed, "\(subject) cannot be reached: \(words)", fix: "check the address and that the server runs")
        case .noTLS(let words):
            CommandFailure(
                .failed, "\(subject) does not speak TLS with us: \(words)",
                fix: "name the right port, or a server name that it knows: --servername NAME")
        }
    }
}
