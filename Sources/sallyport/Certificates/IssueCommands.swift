import ArgumentParser
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportStore

struct ClientCertificateCommand: ParsableCommand {
    private static let way = "cert client"
    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Issue a client certificate: clients/NAME.pem and clients/NAME.key.",
        discussion: "Its name is what `allow:` in a route speaks of. Makes the authority when there is none.")

    @Argument(help: "Who it is for.")
    var name: String
    @OptionGroup var lifetime: LifetimeOption
    @Option(name: .customLong("uri"), help: "URI name. Default: spiffe://sallyport.local/client/NAME.")
    var uri: String?
    @Option(name: .customLong("dns"), help: "DNS name; may be given several times.")
    var dns: [String] = []
    @OptionGroup var pkcs12: PKCS12Option
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let authority = try AuthorityAccess(state: state.locate()).openOrCreate()
        try overwriting.check(.client, name, authority)
        let lifetime = try lifetime.lifetime() ?? LocalAuthority.clientLifetime
        let issued = try IssuedFiles(authority, withPKCS12: pkcs12.isOn, by: Self.way) { () throws(PKIError) in
            try authority.issueClient(name: name, uri: uri, dns: dns, lifetime: lifetime, at: Environment.now())
        }
        issued.show(asJSON: json.isOn)
        if !json.isOn { Terminal.next("curl / --as \(name)" + state.repeated) }
    }
}

struct ServerCertificateCommand: ParsableCommand {
    private static let way = "cert server"
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Issue a server certificate: servers/NAME.pem and servers/NAME.key.",
        discussion: """
            Listeners with `tls: { names: … }` need none: theirs is issued and renewed in the running gateway.
            """)

    @Argument(help: "A DNS name or an IP address; the files are named after it.")
    var name: String
    @OptionGroup var lifetime: LifetimeOption
    @Option(name: .customLong("dns"), help: "A further DNS name or IP address; may be given several times.")
    var dns: [String] = []
    @OptionGroup var pkcs12: PKCS12Option
    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let authority = try AuthorityAccess(state: state.locate()).openOrCreate()
        try overwriting.check(.server, name, authority)
        let lifetime = try lifetime.lifetime() ?? .seconds(90 * 86_400)
        let issued = try IssuedFiles(authority, withPKCS12: pkcs12.isOn, by: Self.way) { () throws(PKIError) in
            try authority.issueServer(names: [name] + dns, lifetime: lifetime, at: Environment.now())
        }
        issued.show(asJSON: json.isOn)
        if !json.isOn { Terminal.next("cert inspect \(ShellWord.quote(issued.files.certificate))") }
    }
}

struct CertificateRenewCommand: ParsableCommand {
    private static let way = "cert renew"
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Issue a certificate again: same names, new key, new files.",
        discussion: "The old certificate stays valid until it expires; revoke it when its key may be known to others.")

    @Argument(help: "Whose certificate.")
    var name: String
    @OptionGroup var lifetime: LifetimeOption
    @Flag(name: .customLong("server"), help: "The server certificate of that name.")
    var server = false
    @OptionGroup var pkcs12: PKCS12Option
    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let authority = try AuthorityAccess(state: state.locate()).open()
        let lifetime = try lifetime.lifetime()
        let issued = try IssuedFiles(authority, withPKCS12: pkcs12.isOn, by: Self.way) { () throws(PKIError) in
            try authority.renew(name, kind: server ? .server : nil, lifetime: lifetime, at: Environment.now())
        }
        issued.show(asJSON: json.isOn)
        if !json.isOn { Terminal.next("cert list" + state.repeated) }
    }
}

/// `--yes`, on commands that write `NAME.pem` and `NAME.key`.
struct OverwriteOption: ParsableArguments {
    @Flag(name: .customLong("yes"), help: "Overwrite a certificate and key that are still valid.")
    var yes = false

    /// Asks before a certificate and key that may be in use are overwritten.
    func check(_ kind: IssuedKind, _ name: String, _ authority: LocalAuthority) throws(CommandFailure) {
        guard !yes, let until = try validUntil(kind, name, authority) else { return }
        let words = "\(kind.rawValue) \(name) has a certificate that is valid until \(LocalTime.minute(until))"
        guard !Terminal.confirm("\(words). Overwrite it and its key?") else { return }
        let reason = Reason.certificateStillValid
        throw CommandFailure(
            .failed, "\(reason.name): \(words)",
            fix: "renew it: sallyport cert renew \(name)\(kind == .server ? " --server" : ""); or overwrite it: --yes")
    }

    /// When the certificate in the file ends; nil when there is none that can be used and was not revoked.
    private func validUntil(
        _ kind: IssuedKind, _ name: String, _ authority: LocalAuthority
    ) throws(CommandFailure) -> Int64? {
        do throws(PKIError) {
            let name = try CertificateName(name)
            let path = authority.state.certificate(of: kind, name: name)
            guard FileStamp(path: path) != .missing,
                FileStamp(path: authority.state.key(of: kind, name: name)) != .missing,
                let leaf = try PEMFile.certificates(at: path).first, leaf.notAfter > Environment.now()
            else { return nil }
            return try authority.revokedSerials().contains(leaf.serial) ? nil : leaf.notAfter
        } catch {
            throw CommandFailure(error)
        }
    }
}

/// A certificate that was issued and written.
struct IssuedFiles {
    let issued: IssuedCertificate
    let files: StoredFiles
    /// Of the PKCS #12 file; shown once and kept nowhere.
    let password: String?

    init(
        _ authority: LocalAuthority, withPKCS12: Bool, by way: String,
        issue: () throws(PKIError) -> IssuedCertificate
    ) throws(CommandFailure) {
        let audit = try OperatorAudit.required(in: authority.state)
        let password = withPKCS12 ? PKCS12.generatedPassword() : nil
        do throws(PKIError) {
            issued = try issue()
            files = try authority.store(issued, pkcs12Password: password)
        } catch {
            throw CommandFailure(error)
        }
        self.password = password
        try audit.record([
            CertificateRecord(
                issued: issued.facts, kind: issued.kind.rawValue, name: issued.name, actor: OperatorAudit.actor, way: way)
        ])
    }

    func show(asJSON: Bool) {
        Terminal.print(asJSON ? json : text)
    }

    private var text: String {
        let until = LocalTime.minute(issued.facts.notAfter)
        var lines = [
            "\(Terminal.tick) \(issued.kind.rawValue) certificate  \(issued.name)   until \(until)",
            "  certificate  \(files.certificate)",
            "  key          \(files.key)",
        ]
        if let pkcs12 = files.pkcs12, let password {
            lines.append("  PKCS #12     \(pkcs12)   password \(password)")
        }
        return lines.joined(separator: "\n")
    }

    private var json: String {
        JSONValue.members([
            "kind": .string(issued.kind.rawValue), "name": .string(issued.name), "serial": .string(issued.facts.serial),
            "notBefore": .integer(Int(issued.facts.notBefore)), "notAfter": .integer(Int(issued.facts.notAfter)),
            "certificate": .string(files.certificate), "key": .string(files.key),
            "pkcs12": files.pkcs12.map(JSONValue.string), "password": password.map(JSONValue.string),
        ]).pretty
    }
}
