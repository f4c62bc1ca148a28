import FoundationEssentials
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct APIKeyTests {
    private func withFile(_ body: (APIKeyFile) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UInt64.random(in: 0 ... .max))").path
        defer {
            do { try FileManager.default.removeItem(atPath: path) } catch {
                Issue.record("\(path) stays behind: \(error)")
            }
        }
        try body(APIKeyFile(StateDirectory(path: path)))
    }

    @Test func keysAreReadAsTheyWereMade() throws {
        var seen: Set<String> = []
        for _ in 0..<200 {
            let key = APIKey()
            #expect(key.text.utf8.count == APIKey.length && key.text.hasPrefix("sp_"))
            #expect(key.text.dropFirst(3).allSatisfy { $0.isLetter || $0.isNumber })
            #expect(APIKey(key.text.utf8)?.text == key.text)
            #expect(seen.insert(key.text).inserted)
        }
    }

    /// The checksum finds every slip of one letter and every swap of neighbours.
    @Test func slipsAreSeen() {
        let letters = Array(APIKey().text)
        for index in 3..<letters.count {
            var changed = letters
            changed[index] = changed[index] == "a" ? "b" : "a"
            #expect(APIKey(String(changed).utf8) == nil)
            guard index + 1 < letters.count, letters[index] != letters[index + 1] else { continue }
            var swapped = letters
            swapped.swapAt(index, index + 1)
            #expect(APIKey(String(swapped).utf8) == nil)
        }
        let text = String(letters)
        for wrong in [
            "", "sp_", String(text.dropLast()), text + "0", text.uppercased(), " " + text.dropLast(),
            "SP_" + text.dropFirst(3),
        ] {
            #expect(APIKey(wrong.utf8) == nil)
        }
    }

    @Test func lifeOfAKey() throws {
        try withFile { file in
            #expect(try file.records().isEmpty)
            let key = try file.create(name: CertificateName("ci"), identity: "agent", expiresAt: 200, at: 100)
            let other = try file.create(name: CertificateName("bot"), identity: nil, expiresAt: nil, at: 100)
            let records = try file.records()
            #expect(records.map(\.name) == ["ci", "bot"])
            let table = APIKeyTable(records)
            #expect(table.record(of: key)?.identity == "agent")
            #expect(table.record(of: other)?.name == "bot")
            #expect(table.record(of: APIKey()) == nil)
            #expect(
                table.record(of: key)?.hasExpired(at: 199) == false
                    && table.record(of: key)?.hasExpired(at: 200) == true)
            let text = String(decoding: try Data(contentsOf: URL(filePath: file.path)), as: UTF8.self)
            #expect(!text.contains(key.text) && !text.contains(key.text.dropFirst(3)), "the key itself is kept nowhere")
            let taken = #expect(throws: PKIError.self) {
                try file.create(name: CertificateName("ci"), identity: nil, expiresAt: nil, at: 1)
            }
            #expect(taken?.reason == .apiKeyNameTaken)
            try file.revoke(name: "ci")
            #expect(APIKeyTable(try file.records()).record(of: key) == nil)
            let missing = #expect(throws: PKIError.self) { try file.revoke(name: "ci") }
            #expect(missing?.reason == .apiKeyMissing)
        }
    }

    @Test(arguments: ["", "{}", "[{}]", #"[{"name":"a","createdAt":1,"digest":"00"}]"#, "[null]", "not json"])
    func damagedFilesAreRefused(_ text: String) throws {
        try withFile { file in
            _ = try file.create(name: CertificateName("ci"), identity: nil, expiresAt: nil, at: 1)
            try StateDirectory.writeAtomically(Array(text.utf8), to: file.path, mode: 0o600)
            #expect(throws: PKIError.self) { try file.records() }
            #expect(throws: PKIError.self) {
                try file.create(name: CertificateName("x"), identity: nil, expiresAt: nil, at: 1)
            }
        }
    }

    @Test func othersMayNotReadTheFile() throws {
        try withFile { file in
            _ = try file.create(name: CertificateName("ci"), identity: nil, expiresAt: nil, at: 1)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
            let refused = #expect(throws: PKIError.self) { try file.records() }
            #expect(refused?.reason == .stateDirectoryUnsafe)
        }
    }
}
