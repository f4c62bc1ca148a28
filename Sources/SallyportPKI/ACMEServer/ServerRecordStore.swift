import FoundationEssentials
import SallyportModel

/// Accounts and orders on disk: `acme-server/accounts/ID.json` and `acme-server/orders/ID.json`, each written atomically.
///
/// Blocks for disk; not for event loops. A file that cannot be read refuses the start: an account that was deactivated
/// must not come back because its file is damaged.
package struct ServerRecordStore: Sendable {
    private static let maximumBytes = 256 << 10
    private static let accounts = "acme-server/accounts"
    private static let orders = "acme-server/orders"
    private let state: StateDirectory

    package init(_ state: StateDirectory) throws(PKIError) {
        self.state = state
        try state.prepare()
        try state.makeFolders(["acme-server", Self.accounts, Self.orders])
    }

    package func server(policy: ACMEPolicy) throws(PKIError) -> ACMEServer {
        try ACMEServer(
            policy: policy, accounts: records(in: Self.accounts, most: ACMEServer.maximumAccounts),
            orders: records(in: Self.orders, most: ACMEServer.maximumOrders))
    }

    package func write(_ changes: [ACMEChange]) throws(PKIError) {
        for change in changes {
            switch change {
            case .account(let account): try write(account, Self.accounts, account.id)
            case .order(let order): try write(order, Self.orders, order.id)
            case .orderRemoved(let id): try state.removeFile(file(Self.orders, id))
            }
        }
    }

    private func write(_ record: some Encodable, _ folder: String, _ id: String) throws(PKIError) {
        let path = file(folder, id)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do { bytes = Array(try encoder.encode(record)) } catch {
            throw PKIError(.issuingStateUnusable, path, "the record cannot be encoded")
        }
        try StateDirectory.writeAtomically(bytes, to: path, mode: 0o600)
    }

    private func records<Record: Decodable>(in folder: String, most: Int) throws(PKIError) -> [Record] {
        var records: [Record] = []
        for name in try state.files(in: folder) where name.hasSuffix(".json") {
            guard records.count < most else {
                throw PKIError(.issuingStateUnusable, "\(state.path)/\(folder)", "there are more than \(most) files")
            }
            let path = "\(state.path)/\(folder)/\(name)"
            let bytes = try FileContents.read(path, limit: Self.maximumBytes, isPrivate: true)
            do { records.append(try JSONDecoder().decode(Record.self, from: Data(bytes))) } catch {
                throw PKIError(.issuingStateUnusable, path, "it is not what the gateway wrote")
            }
        }
        return records
    }

    private func file(_ folder: String, _ id: String) -> String { "\(state.path)/\(folder)/\(id).json" }
}
