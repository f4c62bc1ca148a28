import SallyportModel

@testable import SallyportConfig

/// Files in memory, below `/m`.
struct MemoryFiles: FileReading {
    var contents: [String: [UInt8]]

    init(_ texts: [String: String]) {
        contents = texts.reduce(into: [:]) { $0["/m/" + $1.key] = Array($1.value.utf8) }
    }

    var workingDirectory: String { "/m" }

    func canonical(_ path: String) -> String { path }

    func read(_ path: String, limit: Int) throws(FileReadError) -> [UInt8] {
        guard let content = contents[path] else { throw .missing }
        if content.count > limit { throw .tooLarge(limit: limit) }
        return content
    }

    func names(in directory: String) throws(FileReadError) -> [String] {
        let names = contents.keys.filter { FilePath.directory(of: $0) == directory }.map(FilePath.name)
        if names.isEmpty { throw .missing }
        return names
    }
}

enum Sample {
    static let listener = """
        version: 1
        listeners:
          main: { address: ":8443", tls: { names: [localhost] } }

        """
    static let smallest =
        listener + """
            routes:
              - match: { path: / }
                allow: [alice]
                to: http://127.0.0.1:9000

            """

    static func load(_ text: String, files: [String: String] = [:], environment: [String: String] = [:]) -> LoadResult {
        var all = files
        all["sallyport.yaml"] = text
        return ConfigurationLoader(environment: environment, reader: MemoryFiles(all)).load("sallyport.yaml")
    }

    static func codes(_ text: String, files: [String: String] = [:]) -> [String] {
        load(text, files: files).diagnostics.map(\.reason.name)
    }
}
