import Foundation
import Testing

@testable import SallyportPKI

@Suite struct FoldedRecordsTests {
    @Test func serverCertificatesThatWereReplacedAreFolded() throws {
        let now = Int64(Date().timeIntervalSince1970)
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        func server(_ name: String) throws -> String {
            try authority.issueServer(names: [name], lifetime: .seconds(3600), at: now).facts.serial
        }
        let revoked = try server("localhost")
        _ = try authority.revoke(revoked, at: now)
        _ = try server("localhost")
        let other = try server("api.test")
        let newest = try server("localhost")
        let alice = try (0..<2).map { _ in try authority.issueClient(name: "alice", at: now).facts.serial }
        let folded = FoldedRecords(try authority.issued(), at: now)
        #expect(folded.shown.map(\.serial) == [revoked, other, newest] + alice)
        #expect(folded.hidden == 1)
    }
}
