import SallyportModel

/// What a PEM file must hold.
enum PEMKind: Sendable {
    case certificates
    case privateKey

    private static let certificateLabels = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]
    private static let keyLabels = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"]

    /// What is wrong with a file of these blocks; nil when it will do.
    func problem(with labels: [String]) -> (message: String, help: [String])? {
        switch self {
        case .certificates:
            if labels.contains(where: { $0.hasSuffix("PRIVATE KEY") }) {
                return ("holds a private key", ["keep certificates and keys in files of their own"])
            }
            if labels.contains("CERTIFICATE") { return nil }
            if labels.contains(where: Self.certificateLabels.contains) {
                return ("holds certificates in OpenSSL's own form", ["write them anew: openssl x509 -in FILE -out NEW"])
            }
            return ("holds no certificate in PEM form", derHelp)
        case .privateKey:
            if labels.contains("ENCRYPTED PRIVATE KEY") {
                return (
                    "holds an encrypted key", ["decrypt it into a file of mode 0600: openssl pkey -in FILE -out NEW"]
                )
            }
            if labels.count(where: Self.keyLabels.contains) == 1 { return nil }
            if labels.count(where: Self.keyLabels.contains) > 1 { return ("holds more than one private key", []) }
            if labels.contains("CERTIFICATE") {
                return ("holds a certificate where a private key is wanted", ["are `certificate` and `key` exchanged?"])
            }
            return ("holds no private key in PEM form", derHelp)
        }
    }

    private var derHelp: [String] { ["a file that was cut off or is in DER form reads like this"] }
}

extension ValueType<String> {
    /// The path of a PEM file with certificates; the value is absolute.
    static func certificateFile(_ words: String) -> ValueType {
        let shape = ScalarShape(words: words, examples: ["pki/ca.pem"])
        return ValueType(shape: .scalar(shape)) { node, path, session in
            guard let text = singleText(node, shape, path, session) else { return nil }
            do throws(ValueError) {
                try checkPath(text)
            } catch {
                session.report(error, at: node.span, path: path)
                return nil
            }
            let absolute = session.absolute(text, namedAt: node.span)
            return session.checkPEM(absolute, shown: text, .certificates, at: node.span, path) ? absolute : nil
        } text: {
            $0
        }
    }

    static func checkPath(_ text: String) throws(ValueError) {
        if text.contains("-----BEGIN") {
            throw ValueError(
                message: "PEM text stands where a path is wanted", help: ["save it to a file and name the file"])
        }
        try checkLine(text, "a path", maximum: 4096)
        if text.hasPrefix("file:") {
            throw ValueError(
                message: "a path is wanted, not a reference", help: ["write \(text.dropFirst(5))"])
        }
        if text.hasPrefix("~") {
            throw ValueError(message: "`~` is not expanded", help: ["write the whole path"])
        }
    }
}

extension LoadSession {
    /// Whether the file can be read and holds the kind of PEM that is wanted; if not, that has been reported.
    /// - Parameter kind: nil for a file that is not in PEM form.
    func checkPEM(_ path: String, shown: String, _ kind: PEMKind?, at span: Span, _ keyPath: KeyPath) -> Bool {
        switch inspectPEM(path).outcome {
        case .unreadable(let error):
            report(
                .fileUnreadable, "file \(shown) \(error.words)", at: span, help: unreadableHelp(error, path, shown),
                path: keyPath)
            return false
        case .labels(let labels):
            guard let problem = kind?.problem(with: labels) else { return true }
            report(.wrongPEM, "file \(shown) \(problem.message)", at: span, help: problem.help, path: keyPath)
            return false
        }
    }

    private func unreadableHelp(_ error: FileReadError, _ path: String, _ shown: String) -> [String] {
        if error == .missing && path != shown { return ["looked for \(path)"] }
        return error == .notPermitted ? ["let the user that runs the gateway read it"] : []
    }
}

extension ValueType<SecretReference> {
    /// A reference to a private key in PEM form. A value that is no reference is never shown.
    static func privateKey() -> ValueType {
        secret(.privateKey, examples: ["file:pki/api.key", "credential:api-key", "env:API_KEY"])
    }

    /// A reference to a secret. A value that is no reference is never shown.
    ///
    /// - Parameter kind: What the secret must hold; nil for text of another kind, which its reader checks.
    static func secret(_ kind: PEMKind? = nil, examples: [String]) -> ValueType {
        let shape = ScalarShape(
            words: "a reference: file:PATH, env:NAME or credential:NAME", pattern: "(file|env|credential):.+",
            examples: examples, isSecret: true)
        return ValueType(shape: .scalar(shape)) { node, path, session in
            guard let text = singleText(node, shape, path, session) else { return nil }
            guard let (place, name) = SecretText.split(text) else {
                reportLiteral(node, text, path, session)
                return nil
            }
            switch place {
            case .environment: return environment(name, kind, node.span, path, session)
            case .file: return file(name, kind, node.span, path, session)
            case .credential: return credential(name, kind, node.span, path, session)
            }
        } text: {
            $0.text
        }
    }

    private static func reportLiteral(_ node: DocumentNode, _ text: String, _ path: KeyPath, _ session: LoadSession) {
        let what = text.contains("-----BEGIN") ? "a key itself, in PEM form" : "not a reference"
        let looksLikePath = text.contains("/") || text.hasSuffix(".pem") || text.hasSuffix(".key")
        session.report(
            .literalSecret, "`\(path.text)` takes a reference to a secret, and this is \(what)", at: node.span,
            label: "not shown here",
            help: [
                looksLikePath && !text.contains("\n")
                    ? "if it is a path, write `file:` in front of it" : "write file:PATH, env:NAME or credential:NAME"
            ], path: path)
    }

    private static func environment(
        _ name: String, _ kind: PEMKind?, _ span: Span, _ path: KeyPath, _ session: LoadSession
    ) -> SecretReference? {
        guard SecretText.isVariable(name) else {
            session.report(
                .malformedValue, "what stands behind `env:` is no name of a variable", at: span,
                label: "letters, digits and _", path: path)
            return nil
        }
        guard let value = session.environment[name], !value.isEmpty else {
            let state = session.environment[name] == nil ? "not set" : "empty"
            let near = Spelling.nearest(to: name, among: session.environment.keys.sorted())
            session.report(
                .variableNotSet, "environment variable \(name) is \(state)", at: span, label: "used by \(path.text)",
                help: near.map { ["did you mean \($0)?"] } ?? [], path: path)
            return nil
        }
        let labels = PEMInspection.labels(in: Array(value.utf8))
        if let problem = kind?.problem(with: labels) {
            session.report(
                .wrongPEM, "environment variable \(name) \(problem.message)", at: span, help: problem.help, path: path)
            return nil
        }
        return .environment(name)
    }

    private static func file(
        _ name: String, _ kind: PEMKind?, _ span: Span, _ path: KeyPath, _ session: LoadSession
    ) -> SecretReference? {
        let absolute = session.absolute(name, namedAt: span)
        return session.checkPEM(absolute, shown: name, kind, at: span, path) ? .file(absolute) : nil
    }

    private static func credential(
        _ name: String, _ kind: PEMKind?, _ span: Span, _ path: KeyPath, _ session: LoadSession
    ) -> SecretReference? {
        guard !name.contains("/"), name != ".", name != ".." else {
            session.report(
                .malformedValue, "what stands behind `credential:` is a name, not a path", at: span, path: path)
            return nil
        }
        guard let directory = session.credentialsDirectory else {
            session.report(
                .credentialUnavailable, "credential \(name) is not available: $CREDENTIALS_DIRECTORY is not set",
                at: span, label: "used by \(path.text)",
                help: ["systemd sets it for a unit with LoadCredential=\(name):PATH"], path: path)
            return nil
        }
        let file = directory + "/" + name
        if case .unreadable(let error) = session.inspectPEM(file).outcome {
            session.report(
                .credentialUnavailable, "credential \(name) \(error.words)", at: span, label: "used by \(path.text)",
                help: ["add LoadCredential=\(name):PATH to the unit"], path: path)
            return nil
        }
        return session.checkPEM(file, shown: file, kind, at: span, path) ? .credential(name) : nil
    }
}

enum SecretText {
    enum Kind: String { case environment = "env", file, credential }

    static func split(_ text: String) -> (kind: Kind, name: String)? {
        guard let colon = text.firstIndex(of: ":"), let kind = Kind(rawValue: String(text[..<colon])) else {
            return nil
        }
        let name = String(text[text.index(after: colon)...])
        let isLine = !name.isEmpty && name.utf8.count <= 4096 && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        return isLine && !name.contains("-----") ? (kind, name) : nil
    }

    static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }
}

extension SecretReference {
    /// As it stands in a file: where the secret is, never the secret.
    package var text: String {
        switch self {
        case .environment(let name): "env:" + name
        case .file(let path): "file:" + path
        case .credential(let name): "credential:" + name
        }
    }
}
