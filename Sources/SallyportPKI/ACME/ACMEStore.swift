import Crypto
import FoundationEssentials
import SallyportConfig
import SallyportModel

/// What the ACME client keeps in the state directory: accounts, orders under way, certificates, failures.
///
/// All files are 0600 and written as a whole. A certificate and its key are one file, so that they always belong
/// together.
package struct ACMEStore: Sendable {
    private let state: StateDirectory

    package init(_ state: StateDirectory) { self.state = state }

    /// What a certificate is called in the store: the same wish, the same file.
    package struct Identifier: Sendable, Hashable, Comparable {
        let text: String

        package init(directory: String, names: [String], profile: String?) {
            let sorted = names.sorted()
            let digest = ACMEStore.digest(([directory, profile ?? ""] + sorted).joined(separator: "\n"))
            // A file name has at most 255 bytes, a DNS name 253.
            text = "\((sorted.first ?? "none").prefix(100))-\(digest)"
        }

        package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
    }

    package func prepare() throws(PKIError) {
        try state.prepare()
        try state.makeFolders(["acme", "acme/accounts", "acme/certificates", "acme/orders"])
    }

    // MARK: certificates

    /// The certificate with its key, whether it is still valid or not; nil when there is none.
    package func certificate(_ identifier: Identifier) throws(PKIError) -> (chain: [ParsedCertificate], key: PrivateKey)? {
        let path = file("certificates/\(identifier.text).pem")
        guard FileContents.exists(path) else { return nil }
        let text = try FileContents.read(path, limit: PEMFile.maximumBytes, isPrivate: true)
        do throws(PKIError) {
            return (
                try PEMFile.certificates(in: text, source: path), try PEMFile.privateKey(in: text, source: path)
            )
        } catch {
            throw PKIError(.acmeStateUnusable, path, error.detail)
        }
    }

    package func keep(_ credential: CredentialPair, as identifier: Identifier) throws(PKIError) {
        let chain = PEMBlock.encode(credential.chain.map(\.der), label: PEMBlock.certificate)
        try write(credential.key.pem + chain, "certificates/\(identifier.text).pem")
    }

    // MARK: accounts

    /// The account at this directory; one without URL and with a new key when there is none.
    package func account(directory: String, keyID: String?) throws(PKIError) -> Account {
        let name = accountFile(directory, keyID)
        guard let json = try readJSON(name) else {
            let fresh = Account(signer: try signer(nil, name), url: nil)
            try keep(fresh, directory: directory, keyID: keyID)
            return fresh
        }
        return Account(signer: try signer(json["key"]?.text, name), url: json["account"]?.text)
    }

    package func keep(_ account: Account, directory: String, keyID: String?) throws(PKIError) {
        let json = JSONValue.members([
            "account": account.url.map(JSONValue.string), "directory": .string(directory),
            "key": .string(Base64URL.encode(account.signer.rawRepresentation)), "keyID": keyID.map(JSONValue.string),
        ])
        try write(json.pretty + "\n", accountFile(directory, keyID))
    }

    package struct Account: Sendable {
        package let signer: JSONWebSigner
        /// Nil before the server has given one.
        package var url: String?
    }

    /// - Parameter text: base64url; nil for a fresh key.
    private func signer(_ text: String?, _ name: String) throws(PKIError) -> JSONWebSigner {
        do throws(JOSEFailure) {
            guard let text else { return try JSONWebSigner() }
            return try JSONWebSigner(rawRepresentation: Base64URL.decode(text) ?? [])
        } catch {
            throw PKIError(.acmeStateUnusable, file(name), error.description)
        }
    }

    private func accountFile(_ directory: String, _ keyID: String?) -> String {
        "accounts/\(Self.digest(directory + "\n" + (keyID ?? ""))).json"
    }

    // MARK: orders

    /// An order under way: where it is, and the key of the certificate that it is for.
    package struct Order: Sendable {
        package var key: PrivateKey
        package var url: FetchURL?

        package init(key: PrivateKey, url: FetchURL?) {
            self.key = key
            self.url = url
        }
    }

    /// The order that a crash has left behind, or a new key. What cannot be read is begun anew.
    package func order(_ identifier: Identifier) throws(PKIError) -> Order {
        guard let json = try readJSON(orderFile(identifier)), let pem = json["key"]?.text else {
            return Order(key: try PrivateKey.generate(), url: nil)
        }
        let key = try PEMFile.privateKey(in: Array(pem.utf8), source: file(orderFile(identifier)))
        return Order(key: key, url: json["order"]?.text.flatMap(FetchURL.init))
    }

    package func keep(_ order: Order, as identifier: Identifier) throws(PKIError) {
        let json = JSONValue.members([
            "key": .string(order.key.pem), "order": order.url.map { .string($0.text) },
        ])
        try write(json.pretty + "\n", orderFile(identifier))
    }

    /// The order is over, one way or another. The next one has a key of its own.
    package func forgetOrder(_ identifier: Identifier) throws(PKIError) {
        try FileContents.remove(file(orderFile(identifier)))
    }

    private func orderFile(_ identifier: Identifier) -> String { "orders/\(identifier.text).json" }

    // MARK: failures

    package func failures() throws(PKIError) -> FailureMemory {
        try readJSON("failures.json").map { FailureMemory($0) } ?? FailureMemory()
    }

    package func keep(_ failures: FailureMemory) throws(PKIError) {
        try write(failures.json.pretty + "\n", "failures.json")
    }

    // MARK: files

    private func file(_ name: String) -> String { "\(state.path)/acme/\(name)" }

    private func write(_ text: String, _ name: String) throws(PKIError) {
        try StateDirectory.writeAtomically(Array(text.utf8), to: file(name), mode: 0o600)
    }

    private func readJSON(_ name: String) throws(PKIError) -> JSONValue? {
        let path = file(name)
        guard FileContents.exists(path) else { return nil }
        let text = try FileContents.read(path, limit: 1 << 20, isPrivate: true)
        do throws(JOSEFailure) { return try JSONText.parse(text, limit: 1 << 20) } catch {
            throw PKIError(.acmeStateUnusable, path, error.description)
        }
    }

    /// 12 hexadecimal digits.
    private static func digest(_ text: String) -> String {
        String(Hexadecimal.text(Array(SHA256.hash(data: Data(text.utf8)).prefix(6))).lowercased())
    }
}
