import SallyportConfig
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct SystemFilesTests {
    private let files = SystemFiles()

    @Test func readsUpToALimit() throws {
        let content = try files.read(#filePath, limit: 1 << 20)
        #expect(content.starts(with: "import SallyportConfig".utf8))
        #expect(throws: FileReadError.tooLarge(limit: 10)) { try files.read(#filePath, limit: 10) }
    }

    @Test func refusesWhatIsNoFile() {
        #expect(throws: FileReadError.isDirectory) { try files.read("/", limit: 10) }
        #expect(throws: FileReadError.notAFile) { try files.read("/dev/zero", limit: 10) }
        #expect(throws: FileReadError.missing) { try files.read("/no-such-folder/x", limit: 10) }
        #expect(throws: FileReadError.missing) { try files.names(in: "/no-such-folder") }
    }

    @Test func aPipeWithoutWriterIsEmpty() throws {
        let path = "/tmp/sallyport-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        #expect(try files.read(path, limit: 10) == [])
    }

    @Test func listsADirectory() throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let names = try files.names(in: "/" + folder)
        #expect(names.contains("SystemFilesTests.swift"))
        #expect(!names.contains(".") && !names.contains(".."))
    }
}
