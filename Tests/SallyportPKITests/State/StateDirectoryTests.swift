import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct StateDirectoryTests {
    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }
    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func optionThenVariableThenServiceThenHome() throws {
        let all = ["SALLYPORT_STATE": "/s", "STATE_DIRECTORY": "/var/lib/sallyport:/x", "HOME": "/home/a"]
        func located(_ option: String?, without: [String] = []) throws -> String {
            try StateDirectory.locate(
                option: option, environment: all.filter { !without.contains($0.key) }, workingDirectory: "/w"
            ).path
        }
        #expect(try located("o/") == "/w/o")
        #expect(try located("/o") == "/o")
        #expect(try located(nil) == "/s")
        #expect(try located(nil, without: ["SALLYPORT_STATE"]) == "/var/lib/sallyport")
        #expect(try located(nil, without: ["SALLYPORT_STATE", "STATE_DIRECTORY"]) == "/home/a/.local/state/sallyport")
        #expect(throws: PKIError.self) { try located(nil, without: Array(all.keys)) }
        #expect(throws: PKIError.self) { try located("") }
    }

    @Test func makesPrivateFolders() throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("a/b"))
        try state.prepare()
        try state.prepare()
        for path in ["a", "a/b", "a/b/ca", "a/b/clients", "a/b/servers"] {
            #expect(try mode(folder.path(path)) == 0o700)
        }
    }

    @Test func refusesWhatOthersMayWriteTo() throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("s"))
        try state.prepare()
        for path in ["s", "s/ca", "s/clients"] {
            try setMode(0o770, folder.path(path))
            #expect(throws: PKIError.self, "\(path)") { try state.prepare() }
            try setMode(0o700, folder.path(path))
        }
        try setMode(0o777, folder.root)
        #expect(throws: PKIError.self) { try state.prepare() }
        try setMode(0o700, folder.root)
        try state.prepare()
        try FileManager.default.removeItem(atPath: folder.path("s/ca"))
        try FileManager.default.createSymbolicLink(atPath: folder.path("s/ca"), withDestinationPath: folder.root)
        #expect(throws: PKIError.self) { try state.prepare() }
        try Array("x".utf8).write(to: folder.path("file"))
        #expect(throws: PKIError.self) { try StateDirectory(path: folder.path("file")).prepare() }
    }

    /// Whoever may rename the folder above can put another state directory in the place of this one.
    @Test func refusesAFolderAboveThatAGroupMayWriteTo() throws {
        let folder = try TemporaryFolder()
        try setMode(0o775, folder.root)
        #expect(throws: PKIError.self) { try StateDirectory(path: folder.path("state")).prepare() }
        try setMode(0o755, folder.root)
        try StateDirectory(path: folder.path("state")).prepare()
    }

    @Test func writesWholeFilesWithTheirMode() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("f")
        let old = umask(0)
        defer { umask(old) }
        try StateDirectory.writeAtomically([1, 2, 3], to: path, mode: 0o600)
        #expect(try mode(path) == 0o600)
        try StateDirectory.writeAtomically([4], to: path, mode: 0o644)
        #expect(try mode(path) == 0o600, "a file is never opened up to more readers")
        #expect(try FileContents.read(path, limit: 10) == [4])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.root) == ["f"])
    }

    @Test func neverWritesThroughALink() throws {
        let folder = try TemporaryFolder()
        try [UInt8](repeating: 7, count: 3).write(to: folder.path("victim"))
        try FileManager.default.createSymbolicLink(atPath: folder.path("f"), withDestinationPath: folder.path("victim"))
        #expect(throws: PKIError.self) { try StateDirectory.writeAtomically([1], to: folder.path("f"), mode: 0o600) }
        #expect(try FileContents.read(folder.path("victim"), limit: 10) == [7, 7, 7])
        #expect(throws: PKIError.self) { try StateDirectory.writeAtomically([1], to: folder.root, mode: 0o600) }
        #expect(throws: PKIError.self) {
            try StateDirectory.writeAtomically([1], to: folder.path("missing/f"), mode: 0o600)
        }
    }

    @Test(arguments: ["alice", "a", "build-7", "A.b_c", String(repeating: "x", count: 64)])
    func goodNames(_ name: String) throws { #expect(try CertificateName(name).text == name) }

    @Test(arguments: [
        "", ".", "..", ".a", "-a", "a/b", "a b", "a\0", "a\n", "ä", "a:b", "../x", "~", "*",
        String(repeating: "x", count: 65),
    ])
    func badNames(_ name: String) {
        #expect(throws: PKIError.self) { try CertificateName(name) }
    }
}
