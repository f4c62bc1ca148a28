import Foundation
import Testing

/// Arrows point down: a file imports what its target's entry in Package.swift lists, and nothing else.
@Suite struct ImportTests {
    /// Part of the toolchain, so no entry names them.
    static let toolchain: Set = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Dispatch", "Synchronization", "Testing",
    ]

    /// Modules that are no product of their own, and the product they come with (docs/decisions/0004).
    static let broughtAlong = ["CNIOBoringSSL": "NIOSSL", "NIOHPACK": "NIOHTTP2"]

    @Test func everyImportIsListed() throws {
        let manifest = try Manifest()
        #expect(manifest.targets.count > 10, "Package.swift is not understood any more")
        for target in manifest.targets {
            let folder = "\(target.isTest ? "Tests" : "Sources")/\(target.name)"
            guard FileManager.default.fileExists(atPath: Repository.root.appending(path: folder).path) else { continue }
            for file in try Repository.files(under: folder, suffix: ".swift") {
                for module in try Self.imports(of: file) where !Self.toolchain.contains(module) {
                    #expect(
                        target.dependencies.contains(Self.broughtAlong[module] ?? module),
                        "\(file) imports \(module), which Package.swift does not list for \(target.name)")
                }
            }
        }
    }

    @Test func targetsDependOnlyOnThoseBelow() throws {
        let targets = try Manifest().targets
        let order = Dictionary(uniqueKeysWithValues: targets.enumerated().map { ($1.name, $0) })
        for target in targets where !target.isTest {
            for dependency in target.dependencies {
                guard let below = order[dependency], let own = order[target.name] else { continue }
                #expect(below > own, "\(target.name) depends on \(dependency), which stands above it in Package.swift")
            }
        }
    }

    /// The engines decide over values and time; sockets and event loops are for the targets above them.
    @Test(arguments: ["SallyportModel", "SallyportHTTP", "SallyportConfig", "SallyportAccess", "SallyportBalance", "SallyportLimits", "SallyportEdge", "SallyportCompression", "SallyportPolicy", "SallyportTokens", "SallyportPKI", "SallyportAudit", "SallyportStore", "SallyportTelemetry"])
    func enginesDoNotKnowNIO(name: String) throws {
        let target = try #require(try Manifest().targets.first { $0.name == name })
        #expect(!target.dependencies.contains { $0.hasPrefix("NIO") })
    }

    static func imports(of file: String) throws -> [String] {
        let pattern = /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:\w+\s+)?import\s+(?:(?:struct|class|enum|func|protocol|var|let|typealias)\s+)?(\w+)/
        let text = try Repository.text(file)
        // Programs in other languages stand in literals of several lines.
        let code = text.contains("\"\"\"") ? String(decoding: SourceText(text).code, as: UTF8.self) : text
        return code.split(separator: "\n").filter { $0.contains("import ") }.compactMap { line in
            line.firstMatch(of: pattern).map { String($0.1) }
        }
    }
}
