import ArgumentParser
import SallyportConfig
import SallyportModel
import SallyportPKI

/// What `check` finds out about certificates: those that the configuration names and those of the built-in authority.
struct CertificateReview {
    /// Errors and warnings.
    let diagnostics: [Diagnostic]
    let lifetimes: [CertificateLifetime]
    private let now: Int64

    /// Looks only; an authority that is not there yet is no finding.
    ///
    /// - Parameter now: Seconds since 1970.
    init(_ configuration: Configuration, state: StateDirectory, at now: Int64) {
        self.now = now
        let secrets = SecretReader(
            environment: Environment.variables, credentialsDirectory: Environment.variables["CREDENTIALS_DIRECTORY"])
        let read = ConfiguredCertificates(configuration, secrets: secrets, at: now)
        var diagnostics = read.diagnostics
        var local: LocalAuthority?
        var issued: [IssuedRecord] = []
        if FileStamp(path: state.rootCertificate) != .missing {
            do throws(PKIError) {
                let authority = try LocalAuthority.open(state, at: now)
                issued = try authority.issued()
                local = authority
            } catch {
                diagnostics.append(
                    Diagnostic(error.reason, "\(error.subject): \(error.detail)", help: ["\(error.reason.fix)"]))
            }
        }
        if local != nil { diagnostics += IssuedNames.findings(configuration, issued: issued, at: now) }
        self.diagnostics = diagnostics + Self.apiKeys(configuration, state)
        lifetimes =
            CertificateInventory(
                configuration, credentials: read.credentials, bundles: read.bundles, local: local
            ).lifetimes() + Self.clients(issued, at: now)
    }

    /// A gateway would start with it, and refuse everybody who comes with a key.
    private static func apiKeys(_ configuration: Configuration, _ state: StateDirectory) -> [Diagnostic] {
        do throws(PKIError) {
            _ = try APIKeyFile(state).records()
            return []
        } catch {
            return [
                Diagnostic(
                    .apiKeysUnusable, "\(error.subject): \(error.detail)",
                    severity: configuration.policies.contains(where: \.needsAPIKey) ? .error : .warning,
                    help: ["\(Reason.apiKeysUnusable.fix)"])
            ]
        }
    }

    /// The newest valid certificate of each client.
    private static func clients(_ issued: [IssuedRecord], at now: Int64) -> [CertificateLifetime] {
        let valid = issued.filter { $0.kind == .client && $0.state(at: now) == .valid }
        let newest = Dictionary(valid.map { ($0.name, $0) }) { old, new in old.notAfter > new.notAfter ? old : new }
        return newest.values.sorted { $0.name < $1.name }.map(CertificateLifetime.init)
    }

    /// One finding for each that ends within the limit or has ended.
    func ending(within limit: RemainingLife) -> [Diagnostic] {
        lifetimes.filter { $0.ends(within: limit.seconds, at: now) }.map { lifetime in
            let words =
                lifetime.hasExpired(at: now)
                ? "has expired" : "ends in \(Self.words(lifetime.notAfter - now)), before \(limit.text) are over"
            return Diagnostic(
                .certificateExpiresSoon, "\(lifetime.use.rawValue) \(lifetime.name): \(lifetime.subject) \(words) (\(lifetime.source))",
                severity: .warning, help: [Self.help(lifetime)])
        }
    }

    private static func words(_ seconds: Int64) -> String {
        seconds >= 172_800 ? "\(seconds / 86_400) days" : seconds >= 7200 ? "\(seconds / 3600) hours" : "\(seconds) seconds"
    }

    private static func help(_ lifetime: CertificateLifetime) -> String {
        switch lifetime.use {
        case .client: "sallyport cert renew \(lifetime.name)"
        case .authority: "sallyport ca rotate; see sallyport ca show"
        case .listener, .upstream: "put a new certificate and its key in the file, then: sallyport reload"
        case .trust: "add the authority's new certificate to the bundle, then: sallyport reload"
        }
    }
}

/// `30d`, `12h`, `90m`, `30s`, up to ten years.
struct RemainingLife: ExpressibleByArgument {
    let seconds: Int64
    let text: String

    init?(argument: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = argument.last, let unit = units[last], let count = Int64(argument.dropLast()), count >= 0,
            argument.first?.isNumber == true, count <= 3650 * 86_400 / unit
        else { return nil }
        seconds = count * unit
        text = argument
    }
}
