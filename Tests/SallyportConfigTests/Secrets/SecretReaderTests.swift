import Testing

@testable import SallyportConfig

@Suite struct SecretReaderTests {
    private let reader = SecretReader(
        environment: ["SET": "from environment", "EMPTY": ""],
        reader: MemoryFiles([
            "unix": "s3cret\n", "dos": "s3cret\r\n", "bare": "s3cret", "two": "s3cret\n\n", "empty": "", "end": "\n",
            "long": String(repeating: "x", count: SecretReader.maximumSize + 1), "c/gw": "credential\n",
        ]), credentialsDirectory: "/m/c")

    @Test(arguments: [
        (SecretReference.environment("SET"), "from environment"), (.file("/m/unix"), "s3cret"),
        (.file("/m/dos"), "s3cret"),
        (.file("/m/bare"), "s3cret"), (.file("/m/two"), "s3cret\n"), (.credential("gw"), "credential"),
    ])
    func readsSecrets(_ reference: SecretReference, _ expected: String) throws {
        #expect(try reader.read(reference) == Array(expected.utf8))
    }

    @Test(arguments: [
        (SecretReference.environment("UNSET"), SecretError.variableNotSet("UNSET")),
        (.environment("EMPTY"), .empty("env:EMPTY")), (.file("/m/empty"), .empty("file:/m/empty")),
        (.file("/m/end"), .empty("file:/m/end")), (.file("/m/gone"), .unreadable("file:/m/gone", .missing)),
        (.file("/m/long"), .unreadable("file:/m/long", .tooLarge(limit: 65_536))),
        (.credential("gone"), .unreadable("credential:gone", .missing)),
    ])
    func refusesWithoutSayingMore(_ reference: SecretReference, _ expected: SecretError) {
        #expect(throws: expected) { try reader.read(reference) }
        #expect(!expected.words.contains("xxx"))
    }

    @Test func credentialsNeedADirectory() {
        let reader = SecretReader(environment: [:], reader: MemoryFiles([:]))
        #expect(throws: SecretError.noCredentialsDirectory("x")) { try reader.read(.credential("x")) }
    }

    @Test(arguments: [
        ("-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n", ["PRIVATE KEY"]),
        ("-----BEGIN A-----\n-----BEGIN B-----\n-----END B-----\n", ["B"]),
        ("-----BEGIN A-----\n-----END B-----\n", []),
        ("-----BEGIN A-----\r\nAA\r\n-----END A-----", ["A"]), (" -----BEGIN A-----\n-----END A-----\n", ["A"]),
        ("x-----BEGIN A-----\n-----END A-----\n", []), ("", []),
        ("-----BEGIN \n-----END \n", []),
    ])
    func pemBlocksCountWhenTheyAreClosed(_ text: String, _ expected: [String]) {
        #expect(PEMInspection.labels(in: Array(text.utf8)) == expected)
    }
}
