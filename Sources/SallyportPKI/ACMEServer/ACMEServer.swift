import SallyportConfig
import SallyportModel

/// An ACME server (RFC 8555, RFC 9773 and profiles) as a state machine: requests and time in, answers and work out.
///
/// It knows no sockets, files or clocks. Whoever drives it writes `takeChanges()` to disk before an answer goes out,
/// and carries out `takeValidations()`.
package struct ACMEServer: Sendable {
    /// All accounts, deactivated ones too.
    static let maximumAccounts = 10_000
    static let maximumAccountsPerEntry = 100
    static let maximumOrders = 20_000
    /// Of one account that are neither valid nor invalid.
    static let maximumOpenOrders = 50
    static let maximumNames = 20
    /// Seconds between a new order and its end.
    static let orderLifetime: Int64 = 3600

    package var policy: ACMEPolicy
    var accounts: [String: ACMEAccount] = [:]
    var accountsByKey: [String: String] = [:]
    var orders: [String: ServerOrder] = [:]
    /// Identifiers of certificates (RFC 9773 section 4.1) and their orders.
    var ordersByCertificate: [String: String] = [:]
    var nonces = NonceBook()
    /// When each account made its orders of the last hour.
    var orderTimes: [String: [Int64]] = [:]
    private var changes: [ACMEChange] = []
    private var validations: [ACMEValidation] = []

    /// - Throws: issuingStateUnusable when the records contradict each other.
    package init(policy: ACMEPolicy, accounts: [ACMEAccount] = [], orders: [ServerOrder] = []) throws(PKIError) {
        self.policy = policy
        for account in accounts { try adopt(account) }
        for order in orders { try adopt(order) }
    }

    private mutating func adopt(_ account: ACMEAccount) throws(PKIError) {
        let key: JSONWebKey
        do throws(JOSEFailure) { key = try Self.key(of: account) } catch {
            throw PKIError(.issuingStateUnusable, "ACME account \(account.id)", error.description)
        }
        guard accountsByKey.updateValue(account.id, forKey: key.thumbprint) == nil else {
            throw PKIError(.issuingStateUnusable, "ACME account \(account.id)", "another account has the same key")
        }
        accounts[account.id] = account
    }

    /// What was being looked at when the process ended is looked at again.
    private mutating func adopt(_ order: ServerOrder) throws(PKIError) {
        guard let account = accounts[order.account] else {
            throw PKIError(.issuingStateUnusable, "ACME order \(order.id)", "its account is missing")
        }
        orders[order.id] = order
        if let certificate = Self.certificateIdentifier(order) { ordersByCertificate[certificate] = order.id }
        for (index, authorization) in order.authorizations.enumerated() {
            for challenge in authorization.challenges where challenge.status == .processing {
                do throws(JOSEFailure) {
                    validations.append(try validation(order, index, challenge, account))
                } catch {
                    throw PKIError(.issuingStateUnusable, "ACME account \(account.id)", error.description)
                }
            }
        }
    }

    // MARK: work for the driver

    package mutating func takeChanges() -> [ACMEChange] {
        defer { changes = [] }
        return changes
    }

    package mutating func takeValidations() -> [ACMEValidation] {
        defer { validations = [] }
        return validations
    }

    mutating func save(_ account: ACMEAccount) {
        accounts[account.id] = account
        changes.append(.account(account))
    }

    mutating func save(_ order: ServerOrder) {
        orders[order.id] = order
        changes.append(.order(order))
    }

    mutating func request(_ validation: ACMEValidation) { validations.append(validation) }

    /// Forgets what is over.
    mutating func sweep(at now: Int64) {
        for order in orders.values where order.keptUntil < now {
            orders[order.id] = nil
            if let certificate = Self.certificateIdentifier(order) { ordersByCertificate[certificate] = nil }
            changes.append(.orderRemoved(order.id))
        }
        orderTimes = orderTimes.compactMapValues { times in
            let recent = times.filter { now - $0 < 3600 }
            return recent.isEmpty ? nil : recent
        }
    }

    // MARK: requests

    package mutating func handle(_ request: ACMERequest, at now: Int64) -> ACMEStep {
        do throws(ServerProblem) {
            switch request.method {
            case .get, .head: return .reply(try get(request, at: now))
            case .post: return dressed(try post(request, at: now), request.base, at: now)
            case .other: throw Self.methodNotAllowed("GET, HEAD, POST")
            }
        } catch {
            return dressed(.reply(error.response), request.base, at: now)
        }
    }

    /// Every answer to a POST brings the next nonce, and says where the directory is (RFC 8555 section 7.1).
    private func dressed(_ step: ACMEStep, _ base: String, at now: Int64) -> ACMEStep {
        guard case .reply(let response) = step else { return step }
        return .reply(dressed(response, base, at: now))
    }

    func dressed(_ response: ACMEResponse, _ base: String, at now: Int64) -> ACMEResponse {
        var response = response
        response.fields += [
            ("replay-nonce", nonces.make(at: now)), ("link", "<\(base)/directory>;rel=\"index\""),
            ("cache-control", "no-store"),
        ]
        return response
    }

    private func get(_ request: ACMERequest, at now: Int64) throws(ServerProblem) -> ACMEResponse {
        switch request.segments {
        case ["directory"]: return ACMEResponse(200, directory(request.base))
        case ["new-nonce"]:
            return dressed(ACMEResponse(request.method == .head ? 200 : 204), request.base, at: now)
        case let path where path.count == 2 && path[0] == "renewal-info":
            return try renewalInformation(of: String(path[1]), at: now)
        default: throw Self.methodNotAllowed("POST")
        }
    }

    private mutating func post(_ request: ACMERequest, at now: Int64) throws(ServerProblem) -> ACMEStep {
        let signed = try signature(of: request)
        let path = request.segments
        switch path {
        case ["new-account"]: return .reply(try newAccount(signed, request, at: now))
        case ["revoke-cert"]: return try revoke(signed, request, at: now)
        default: break
        }
        let account = try account(of: signed, request, at: now)
        let call = ACMECall(base: request.base, account: account, payload: signed.payload, now: now)
        switch (path.first, path.count) {
        case ("key-change", 1): return .reply(try changeKey(call, url: request.url))
        case ("new-order", 1): return .reply(try newOrder(call))
        case ("account", 2): return .reply(try updateAccount(String(path[1]), call))
        case ("account", 3) where path[2] == "orders": return .reply(try listOrders(String(path[1]), call))
        case ("order", 2): return .reply(try showOrder(String(path[1]), call))
        case ("order", 3) where path[2] == "finalize": return try finalize(String(path[1]), call)
        case ("authorization", 3): return .reply(try authorization(path[1...], call))
        case ("challenge", 4): return .reply(try challenge(path[1...], call))
        case ("certificate", 2): return .reply(try download(String(path[1]), call))
        default: throw Self.notFound
        }
    }

    private func directory(_ base: String) -> JSONValue {
        .members([
            "newNonce": .string(base + "/new-nonce"), "newAccount": .string(base + "/new-account"),
            "newOrder": .string(base + "/new-order"), "revokeCert": .string(base + "/revoke-cert"),
            "keyChange": .string(base + "/key-change"), "renewalInfo": .string(base + "/renewal-info"),
            "meta": .members([
                "externalAccountRequired": .bool(true),
                "profiles": .members([
                    "client": .string("to prove who a client is, to servers behind mutual TLS"),
                    "server": .string("to prove who a server is"),
                ]),
            ]),
        ])
    }

    static let notFound = ServerProblem(.malformed, .acmeNotFound, "there is nothing under this URL")

    private static func methodNotAllowed(_ methods: String) -> ServerProblem {
        var problem = ServerProblem(.malformed, .methodNotAllowed, "this resource takes \(methods)")
        problem.fields = [("allow", methods)]
        return problem
    }

    /// 128 random bits.
    static func newIdentifier() -> String { Base64URL.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) }) }
}

/// A request whose account is known and valid, and whose nonce was good.
struct ACMECall {
    let base: String
    let account: ACMEAccount
    let payload: [UInt8]
    let now: Int64

    /// A POST-as-GET (RFC 8555 section 6.3).
    var isReading: Bool { payload.isEmpty }

    func json() throws(ServerProblem) -> JSONValue { try ACMEServer.object(payload) }
}
