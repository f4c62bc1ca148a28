import Foundation
import SallyportConfig
import Testing

@testable import SallyportPKI

/// Whatever is interpolated, dumped or logged as a whole shows no key.
@Suite struct SecrecyTests {
    /// As they stand in nothing else.
    let secret = Array("mac key 7c1f0c5e mac key 7c1f0c5e".utf8)

    @Test func ofAnExternalAccount() throws {
        let wish = ACMEWish(
            directory: try #require(FetchURL("https://acme.test/dir")), names: ["a.test"], challenge: .http01,
            externalAccount: .init(keyID: "kid-1", secret: secret))
        expectHidden(in: wish, naming: "kid-1")
        let machine = try ACMEOrderMachine(
            wish, signer: JSONWebSigner(rawRepresentation: Array(secret.prefix(32))), key: PrivateKey.generate(),
            resuming: .init())
        expectHidden(in: machine, naming: "kid-1")
    }

    @Test func ofAnAccountKey() throws {
        let signer = try JSONWebSigner(rawRepresentation: Array(secret.prefix(32)))
        expectHidden(in: signer, naming: signer.publicKey.thumbprint)
        expectHidden(in: ACMEStore.Account(signer: signer, url: "https://acme.test/acct/1"), naming: "acct/1")
    }

    @Test func ofAServersGrants() throws {
        let grant = ACMEGrant(secret: secret, names: [NamePattern("a.test")], usages: [.server], lifetime: .seconds(60))
        let policy = ACMEPolicy(externalAccounts: ["ci": grant], challenges: [.http], ordersPerHour: 1)
        expectHidden(in: policy, naming: "ci")
        expectHidden(in: try ACMEServer(policy: policy), naming: "ci")
    }

    /// - Parameter public: what must be there, so that the test sees the value at all.
    private func expectHidden(in value: Any, naming public: String) {
        var dumped = ""
        dump(value, to: &dumped)
        #expect("\(value)".contains(`public`) || dumped.contains(`public`))
        // An array is dumped with one element in a line.
        let joined = dumped.replacing(#/\n *- /#, with: ", ")
        for text in ["\(value)", String(reflecting: value), dumped, joined] {
            for form in [secret, Array(secret.prefix(32))].flatMap(forms) { #expect(!text.contains(form)) }
        }
    }

    /// Text, base64url, base64, hexadecimal, and the list that an array of bytes is shown as.
    private func forms(_ bytes: [UInt8]) -> [String] {
        [
            String(decoding: bytes, as: UTF8.self), Base64URL.encode(bytes), Data(bytes).base64EncodedString(),
            bytes.map { String(format: "%02x", $0) }.joined(), bytes.prefix(8).map(String.init).joined(separator: ", "),
        ]
    }
}
