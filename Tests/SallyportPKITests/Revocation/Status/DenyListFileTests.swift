import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct DenyListFileTests {
    private func state(_ folder: TemporaryFolder) throws -> StateDirectory {
        let state = StateDirectory(path: folder.path("state"))
        try state.prepare()
        return state
    }

    @Test func withoutAFileNothingIsDenied() throws {
        let folder = try TemporaryFolder()
        #expect(try DenyListFile(try state(folder)).entries().isEmpty)
    }

    /// A folder that cannot be searched, for whatever reason, is not an empty list: somebody may stand on it.
    @Test func aListThatCannotBeLookedAtIsRefused() throws {
        let folder = try TemporaryFolder()
        let state = try state(folder)
        _ = try DenyListFile(state).add(DenyEntry(.spiffe("spiffe://test/mallory"), since: 1, reason: .unspecified))
        try FileManager.default.removeItem(atPath: state.path + "/revocation")
        try FileManager.default.createSymbolicLink(
            atPath: state.path + "/revocation", withDestinationPath: state.path + "/revocation")
        #expect(throws: PKIError.self) { try DenyListFile(state).entries() }
    }
}
