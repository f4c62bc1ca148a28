import Glibc
import SallyportConfig

/// Where a command's configuration comes from.
enum ConfigurationSource: Sendable {
    case file(String)
    /// What was on standard input; it cannot be read a second time.
    case standardInput([UInt8])

    /// Standard input is read to its end, as far as a configuration may be long.
    init(_ path: String) throws(CommandFailure) {
        if path == "-" {
            self = .standardInput(try StandardInput.read(upTo: Self.maximumSize, orFailWith: .configuration))
        } else {
            self = .file(Self.absolute(path))
        }
    }

    var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "standard input"
        }
    }

    func load() -> LoadResult {
        let loader = ConfigurationLoader(
            environment: Environment.variables, credentialsDirectory: Environment.variables["CREDENTIALS_DIRECTORY"])
        switch self {
        case .file(let path): return loader.load(Self.shown(path))
        case .standardInput(let text): return loader.load(text: text, name: "standard input")
        }
    }

    /// The configuration; findings go to standard error.
    func loadOrReport() throws(CommandFailure) -> Configuration {
        let result = load()
        if !result.diagnostics.isEmpty {
            Terminal.note(result.report.rendered(as: .text, colour: Terminal.colourful(STDERR_FILENO)).withoutLineEnd)
        }
        guard let configuration = result.configuration else { throw .reported(.configuration) }
        return configuration
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : Environment.workingDirectory + "/" + path
    }

    /// Relative where it can be, because that is what the operator typed and what the diagnostics show.
    private static func shown(_ path: String) -> String {
        let prefix = Environment.workingDirectory + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }

    private static let maximumSize = 4 << 20
}

extension Configuration {
    /// Every file whose change makes a reload worth while: the documents, certificates, keys and trust bundles.
    var watchedFiles: Set<String> {
        var files = Set(sources)
        for listener in listeners {
            guard case .tls(let tls) = listener.kind else { continue }
            for case .acme(let settings) in tls.certificates + tls.hosts.flatMap(\.certificates) {
                files.formUnion(settings.externalAccount?.key.file ?? [])
            }
            for case .files(let certificate, let key) in tls.certificates + tls.hosts.flatMap(\.certificates) {
                files.insert(certificate)
                files.formUnion(key.file)
            }
        }
        for authority in authorities.values {
            if case .file(let path) = authority.source { files.insert(path) }
        }
        for upstream in upstreams.values {
            guard let present = upstream.tls.present else { continue }
            files.insert(present.certificate)
            files.formUnion(present.key.file)
        }
        return files
    }
}

extension SecretReference {
    fileprivate var file: [String] {
        if case .file(let path) = self { [path] } else { [] }
    }
}
