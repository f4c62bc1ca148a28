import SallyportConfig
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A folder of `Tests/Golden/config`: the files of one configuration and what is to be said about it.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    let corpus: String
    let name: String

    var testDescription: String { "\(corpus)/\(name)" }
    private var folder: String { Self.root + "/\(corpus)/\(name)" }

    private static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/Golden/config"
    }()

    static func all(in corpus: String) -> [GoldenCase] {
        do throws(FileReadError) {
            return try SystemFiles().names(in: root + "/" + corpus).sorted().map {
                GoldenCase(corpus: corpus, name: $0)
            }
        } catch {
            Issue.record("golden corpus \(corpus) \(error.words)")
            return []
        }
    }

    func load() -> LoadResult {
        let credentials = hasCredentials ? "/case/credentials" : nil
        let files = GoldenFiles(folder: folder, common: Self.root + "/common")
        return ConfigurationLoader(
            environment: [
                "API_KEY": "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n", "EMPTY": "",
                "GREETING": "hello",
            ], reader: files, credentialsDirectory: credentials
        ).load("sallyport.yaml")
    }

    /// The bytes of the configuration file; none where the case is that it cannot be read.
    var text: [UInt8] {
        do throws(FileReadError) {
            return try SystemFiles().read(folder + "/sallyport.yaml", limit: 1 << 20)
        } catch {
            return []
        }
    }

    private var hasCredentials: Bool { name.contains("credential") && !name.contains("without-directory") }

    /// Compares with the expected text, or, with `UPDATE_GOLDEN=1`, makes it the expected one.
    func expect(_ text: String, in file: String) throws {
        let path = folder + "/" + file
        if getenv("UPDATE_GOLDEN") != nil {
            try write(text, to: path)
        }
        let expected = try SystemFiles().read(path, limit: 1 << 20)
        #expect(text == String(decoding: expected, as: UTF8.self))
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        #expect(fputs(text, file) >= 0)
    }
}

/// The folder of a case as `/case`, with what is common to all cases behind it.
struct GoldenFiles: FileReading {
    let folder: String
    let common: String

    var workingDirectory: String { "/case" }

    func canonical(_ path: String) -> String { path }

    func read(_ path: String, limit: Int) throws(FileReadError) -> [UInt8] {
        let rest = try inside(path)
        do throws(FileReadError) {
            return try SystemFiles().read(folder + rest, limit: limit)
        } catch {
            guard error == .missing else { throw error }
            return try SystemFiles().read(common + rest, limit: limit)
        }
    }

    func names(in directory: String) throws(FileReadError) -> [String] {
        try SystemFiles().names(in: folder + (try inside(directory)))
    }

    private func inside(_ path: String) throws(FileReadError) -> String {
        guard path == "/case" || path.hasPrefix("/case/") else { throw .missing }
        return String(path.dropFirst("/case".count))
    }
}
