import Foundation
import Testing

/// Other people's software, run to hear its opinion.
enum Tool {
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// Standard output. Throws with standard error when the exit status is not zero.
    @discardableResult
    static func run(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(name) \(arguments.joined(separator: " ")): \(text)\(complaint)")
        }
        return text
    }

    static func has(_ name: String, _ arguments: [String] = ["version"]) -> Bool {
        do {
            try run(name, arguments)
            return true
        } catch {
            return false
        }
    }
}

/// A folder of its own for one test, removed at the end.
final class TemporaryFolder: Sendable {
    let root: String

    init() throws {
        root = NSTemporaryDirectory() + "sallyport-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    func path(_ name: String) -> String { root + "/" + name }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: root)
        } catch {
            print("cannot remove \(root): \(error)")
        }
    }
}

extension [UInt8] {
    func write(to path: String) throws { try Data(self).write(to: URL(filePath: path)) }
}
