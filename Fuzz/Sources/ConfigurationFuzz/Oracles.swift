@testable import SallyportConfig
@testable import SallyportModel

/// A document becomes a configuration or errors, never neither and never both, and does so again the second time.
func fuzzConfiguration(_ bytes: [UInt8]) {
    let loader = ConfigurationLoader(environment: ["SET": "value"], reader: NoFiles())
    let result = loader.load(text: bytes, name: "fuzz.yaml", directory: "/")
    let again = loader.load(text: bytes, name: "fuzz.yaml", directory: "/")
    let hasErrors = result.diagnostics.contains { $0.severity == .error }
    require((result.configuration == nil) == hasErrors, "neither configuration nor error, or both")
    require(result.diagnostics.count == again.diagnostics.count, "another result")
}

private struct NoFiles: FileReading {
    func read(_ path: String, limit: Int) throws(FileReadError) -> [UInt8] { throw .missing }
    func names(in directory: String) throws(FileReadError) -> [String] { throw .missing }
    var workingDirectory: String { "/" }
    func canonical(_ path: String) -> String { path }
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
