import ArgumentParser
import Glibc
import SallyportConfig
import SallyportPKI
import SallyportTLS

struct CertificateInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Explain certificates: of a file, of a name, or of a server.",
        discussion: """
            FILE and NAME print each certificate. HOST:PORT shakes hands as a client and says step by step what was \
            offered, chosen, sent and verified; the exit status is 1 when a client must not trust the server.
            """)

    @Argument(
        help: "A PEM file (- is standard input), a name that the authority has issued for, or HOST:PORT.",
        completion: .file(extensions: ["pem", "crt", "cer"]))
    var subject: String
    @Option(name: .customLong("as"), help: "HOST:PORT: whose client certificate to present.")
    var name: String?
    @Option(name: .customLong("cert"), help: "HOST:PORT: a client certificate to present.", completion: .file())
    var certificate: String?
    @Option(name: .customLong("key"), help: "HOST:PORT: its key.", completion: .file())
    var key: String?
    @Option(name: .customLong("servername"), help: "HOST:PORT: the name to ask for. Default: HOST.")
    var serverName: String?
    @Option(
        name: .customLong("ca"), help: "HOST:PORT: a further authority to trust, as a PEM file.", completion: .file())
    var authority: String?
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        if subject != "-", access(subject, F_OK) != 0 {
            if let place = HostAndPort(subject) { return try inspectServer(place) }
            return try show(files: try issuedFiles())
        }
        try show(files: [subject == "-" ? "/dev/stdin" : subject])
    }

    // MARK: files and names

    private func show(files: [String]) throws(CommandFailure) {
        var certificates: [ParsedCertificate] = []
        do throws(PKIError) {
            for file in files { certificates += try PEMFile.certificates(at: file) }
        } catch {
            throw CommandFailure(error)
        }
        let now = Environment.now()
        let revocations = try revocations()
        let descriptions = certificates.map { certificate in
            CertificateDescription(certificate, revokedAt: revocations[certificate.serial])
        }
        if json.isOn {
            Terminal.print("[" + descriptions.map { $0.json(at: now) }.joined(separator: ",\n") + "]")
        } else {
            Terminal.print(descriptions.map { $0.text(at: now) }.joined(separator: "\n\n"))
        }
    }

    /// The certificates that the built-in authority has issued under this name, client before server.
    private func issuedFiles() throws(CommandFailure) -> [String] {
        let state = try state.locate()
        do throws(PKIError) {
            let name = try CertificateName(subject)
            let files = IssuedKind.allCases.map { state.certificate(of: $0, name: name) }.filter {
                access($0, R_OK) == 0
            }
            if !files.isEmpty { return files }
        } catch {
            throw CommandFailure(.failed, "there is no file \(subject.debugDescription), and it is no name")
        }
        throw CommandFailure(
            .failed, "\(subject) is neither a file, nor a name with a certificate in \(state.path), nor HOST:PORT",
            fix: "see what there is: sallyport cert list\(self.state.repeated)")
    }

    /// By serial number, seconds since 1970; empty without an authority here.
    private func revocations() throws(CommandFailure) -> [String: Int64] {
        let state = try state.locate()
        guard access(state.rootCertificate, F_OK) == 0 else { return [:] }
        let authority = try AuthorityAccess(state: state).open()
        do throws(PKIError) {
            let revoked = try authority.issued().compactMap { record in record.revokedAt.map { (record.serial, $0) } }
            return Dictionary(revoked) { first, _ in first }
        } catch {
            throw CommandFailure(error)
        }
    }

    // MARK: servers

    private func inspectServer(_ place: HostAndPort) throws {
        guard let name = ServerName(serverName ?? place.host) else {
            throw CommandFailure(
                .usage, "\((serverName ?? place.host).debugDescription) is neither a DNS name nor an address")
        }
        let now = Environment.now()
        let visit = PeerVisit(place: place, name: name, now: now)
        let inspection = try visit.run(trust: try trust(name, at: now), credential: try credential(at: now))
        Terminal.print(json.isOn ? inspection.json(at: now) : inspection.text(at: now))
        guard inspection.isGood else { throw CommandFailure.reported(.failed) }
        if !json.isOn { Terminal.next("tls grade \(ShellWord.quote(subject))") }
    }

    private func credential(at now: Int64) throws(CommandFailure) -> CredentialPair? {
        guard let files = try clientFiles() else { return nil }
        do throws(PKIError) {
            return try CredentialPair(
                chain: PEMFile.certificates(at: files.certificate), key: PEMFile.privateKey(at: files.key),
                source: files.certificate, at: now)
        } catch {
            throw CommandFailure(error)
        }
    }

    private func clientFiles() throws(CommandFailure) -> (certificate: String, key: String)? {
        switch (name, certificate, key) {
        case (nil, nil, nil): return nil
        case (nil, let certificate?, let key?): return (certificate, key)
        case (let name?, nil, nil):
            let state = try state.locate()
            do throws(PKIError) {
                let checked = try CertificateName(name)
                return (state.certificate(of: .client, name: checked), state.key(of: .client, name: checked))
            } catch {
                throw CommandFailure(error)
            }
        default: throw CommandFailure(.usage, "give --as NAME, or --cert FILE and --key FILE")
        }
    }

    /// The built-in authority where there is one, `--ca`, and behind these the authorities of the operating system.
    private func trust(_ name: ServerName, at now: Int64) throws(CommandFailure) -> InspectionTrust {
        let state = try state.locate()
        var anchors: [TrustAnchor] = []
        var revoked: [String: Set<String>] = [:]
        do throws(PKIError) {
            if access(state.rootCertificate, F_OK) == 0 {
                let local = try LocalAuthority.open(state, at: now)
                anchors += local.anchors
                revoked[Builtin.authority] = try local.revokedSerials()
            }
            if let authority {
                let name = authority.split(separator: "/").last.map(String.init) ?? authority
                anchors += try TrustBundle(authority: name, path: authority, at: now).anchors
            }
        } catch {
            throw CommandFailure(error)
        }
        return InspectionTrust(anchors, revoked: revoked, name: name) { Self.systemAnchors(at: now) }
    }

    /// A machine without a bundle trusts nobody by itself, which the verdict then says.
    private static func systemAnchors(at now: Int64) -> [TrustAnchor] {
        do throws(PKIError) { return try SystemTrust.anchors(at: now) } catch { return [] }
    }
}

/// `HOST:PORT`, with an IPv6 address in brackets.
struct HostAndPort: Equatable {
    let host: String
    let port: UInt16

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains("/") else { return nil }
        self.host = String(host)
        self.port = port
    }
}
