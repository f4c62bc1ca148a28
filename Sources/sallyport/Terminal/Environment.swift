import FoundationEssentials
import SallyportTelemetry

/// What the process finds around itself.
enum Environment {
    static let variables = ProcessInfo.processInfo.environment
    static var workingDirectory: String { FileManager.default.currentDirectoryPath }

    /// Seconds since 1970.
    static func now() -> Int64 { WallClock.now() / 1_000_000_000 }
}
