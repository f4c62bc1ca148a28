import Foundation
import SallyportPKI
import Testing

@testable import sallyport

@Suite struct InstanceLockTests {
    @Test func theSecondIsRefusedByTheNameOfTheFirst() throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: directory.path)
        do {
            let first = try InstanceLock(state)
            #expect {
                _ = try InstanceLock(state)
            } throws: { error in
                (error as? CommandFailure)?.message.contains("process \(getpid())") ?? false
            }
            _ = consume first
        }
        _ = try InstanceLock(state)
    }

    @Test func aLinkIsNotFollowed() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/gateway.lock", withDestinationPath: directory.path + "/elsewhere")
        #expect(throws: CommandFailure.self) { _ = try InstanceLock(StateDirectory(path: directory.path)) }
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/elsewhere"))
    }
}

/// A directory that goes away with the test.
final class TemporaryDirectory {
    /// Short, because socket paths are.
    let path = "/tmp/sp-\(UInt32.random(in: .min ... .max))"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("left behind: \(path): \(error)") }
    }
}
