import SallyportModel

/// Reads a configuration file and everything it includes, and makes a checked `Configuration` of it or says, all at
/// once, why it cannot.
///
/// Nothing is opened, bound or started: the same load serves `check`, `run`, `reload` and `diff`.
package struct ConfigurationLoader: Sendable {
    let environment: [String: String]
    let files: any FileReading
    let credentialsDirectory: String?

    /// - Parameters:
    ///   - environment: Where `env:NAME` is looked up.
    ///   - reader: Access to files; tests give files in memory.
    ///   - credentialsDirectory: Where `credential:NAME` is looked up: systemd's `$CREDENTIALS_DIRECTORY`.
    package init(
        environment: [String: String], reader files: any FileReading = SystemFiles(),
        credentialsDirectory: String? = nil
    ) {
        self.environment = environment
        self.files = files
        self.credentialsDirectory = credentialsDirectory
    }

    /// Loads the file at this path, absolute or relative to the working directory.
    package func load(_ path: String) -> LoadResult {
        let session = newSession()
        var assembly = DocumentAssembly(session: session)
        return finish(assembly.assemble(path: path, name: path), session)
    }

    /// Loads a document that came from elsewhere, such as standard input.
    ///
    /// - Parameters:
    ///   - name: What diagnostics call it.
    ///   - directory: What relative paths in it are relative to; nil is the working directory.
    package func load(text: [UInt8], name: String, directory: String? = nil) -> LoadResult {
        let session = newSession()
        var assembly = DocumentAssembly(session: session)
        let folder = FilePath.absolute(directory ?? ".", in: files.workingDirectory)
        return finish(assembly.assemble(bytes: text, path: folder + "/" + name, name: name), session)
    }

    private func newSession() -> LoadSession {
        LoadSession(environment: environment, files: files, credentialsDirectory: credentialsDirectory)
    }

    private func finish(_ document: DocumentNode?, _ session: LoadSession) -> LoadResult {
        var configuration: Configuration?
        if let document, let draft = RootSection.type.decode(document, .root, session) {
            var check = ConfigurationCheck(draft, session: session)
            configuration = check.run()
        }
        return LoadResult(
            configuration: configuration, diagnostics: session.sortedDiagnostics, sources: session.paths)
    }
}
