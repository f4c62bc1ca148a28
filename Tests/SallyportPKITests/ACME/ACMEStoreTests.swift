import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct ACMEStoreTests {
    private let directory = "https://acme.test/dir"
    private let identifier = ACMEStore.Identifier(directory: "https://acme.test/dir", names: ["a.test"], profile: nil)

    private func store(_ folder: TemporaryFolder) throws -> ACMEStore {
        let store = ACMEStore(StateDirectory(path: folder.path("state")))
        try store.prepare()
        return store
    }

    private func file(_ folder: TemporaryFolder, under part: String) throws -> String {
        let path = folder.path("state/acme/\(part)")
        return "\(path)/\(try #require(try FileManager.default.contentsOfDirectory(atPath: path).first))"
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func credential() throws -> CredentialPair {
        let key = try PrivateKey.generate()
        var recipe = CertificateFactory.Recipe()
        recipe.key = key.key
        return try CredentialPair(
            chain: [try CertificateFactory.make(recipe).parsed()], key: key, source: "test", at: CertificateFactory.now)
    }

    @Test func whatIsKeptComesBackAndIsPrivate() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        #expect(try store.certificate(identifier) == nil)
        let credential = try credential()
        try store.keep(credential, as: identifier)
        let found = try #require(try store.certificate(identifier))
        #expect(found.chain.map(\.der) == credential.chain.map(\.der))
        #expect(found.key.pkcs8DER == credential.key.pkcs8DER)
        #expect(try mode(file(folder, under: "certificates")) == 0o600)
    }

    @Test func anAccountKeepsItsKey() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        var account = try store.account(directory: directory, keyID: nil)
        #expect(account.url == nil)
        account.url = "https://acme.test/acct/1"
        try store.keep(account, directory: directory, keyID: nil)
        let again = try store.account(directory: directory, keyID: nil)
        #expect(again.url == account.url && again.signer.publicKey == account.signer.publicKey)
        #expect(try mode(file(folder, under: "accounts")) == 0o600)
        #expect(try store.account(directory: directory, keyID: "kid-1").signer.publicKey != account.signer.publicKey)
    }

    @Test func anOrderIsGoneOnWithUnderTheSameKey() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        var order = try store.order(identifier)
        order.url = FetchURL("https://acme.test/order/1")
        try store.keep(order, as: identifier)
        let again = try store.order(identifier)
        #expect(again.url == order.url && again.key.pkcs8DER == order.key.pkcs8DER)
        try store.forgetOrder(identifier)
        try store.forgetOrder(identifier)
        #expect(try store.order(identifier).url == nil)
    }

    @Test func aWishHasAFileOfItsOwn() {
        func name(_ names: [String], _ profile: String? = nil, _ directory: String = "https://acme.test/dir") -> String {
            ACMEStore.Identifier(directory: directory, names: names, profile: profile).text
        }
        #expect(name(["a.test", "b.test"]) == name(["b.test", "a.test"]))
        #expect(name(["a.test"]) != name(["a.test", "b.test"]))
        #expect(name(["a.test"]) != name(["a.test"], "shortlived"))
        #expect(name(["a.test"]) != name(["a.test"], nil, "https://other.test/dir"))
        #expect(name([String(repeating: "a.", count: 126) + "a"]).utf8.count < 120)
    }

    /// A key that others can read is a key no more.
    @Test func whatOthersCanReadIsRefused() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        try store.keep(try credential(), as: identifier)
        let path = try file(folder, under: "certificates")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: PKIError.self) { try store.certificate(identifier) }
    }

    @Test(arguments: ["", "{", "{\"key\":\"AAAA\"}", "not json"]) func aDamagedAccountIsNotReplaced(text: String) throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        _ = try store.account(directory: directory, keyID: nil)
        let path = try file(folder, under: "accounts")
        try Data(text.utf8).write(to: URL(filePath: path))
        let error = #expect(throws: PKIError.self) { try store.account(directory: directory, keyID: nil) }
        #expect(error?.reason == .acmeStateUnusable)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(text.utf8))
    }

    @Test func aDamagedCertificateIsRefused() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        try store.keep(try credential(), as: identifier)
        let path = try file(folder, under: "certificates")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for cut in [text.utf8.count / 4, text.utf8.count / 2, text.utf8.count - 10] {
            try Data(text.utf8.prefix(cut)).write(to: URL(filePath: path))
            #expect(throws: PKIError.self) { try store.certificate(identifier) }
        }
    }
}
