import FoundationEssentials
import SallyportModel

/// What the process finds around itself.
enum Environment {
    static let variables = ProcessInfo.processInfo.environment
    static var workingDirectory: String { FileManager.default.currentDirectoryPath }

    /// Seconds since 1970.
    static func now() -> Int64 { UnixTime.seconds() }
}
