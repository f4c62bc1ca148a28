import SallyportConfig
import SallyportModel

// Orders (RFC 8555 section 7.4) and their profiles.
extension ACMEServer {
    mutating func newOrder(_ call: ACMECall) throws(ServerProblem) -> ACMEResponse {
        sweep(at: call.now)
        let grant = try grant(of: call.account)
        let payload = try call.json()
        guard payload["notBefore"] == nil, payload["notAfter"] == nil else {
            throw ServerProblem.malformed(
                "the lifetime is decided by the profile, so `notBefore` and `notAfter` are not taken")
        }
        let names = try Self.names(payload["identifiers"])
        let profile = try Self.profile(payload["profile"], grant)
        try refuse(names, beyond: grant)
        let replaced = try replaced(payload["replaces"], by: call.account)
        try countOrder(of: call.account, at: call.now)
        let authorizations = names.map { name in
            ServerAuthorization(
                name: name, status: .pending,
                challenges: policy.challenges.map { type in
                    ACMEChallenge(type: type, token: Self.newToken(), status: .pending)
                })
        }
        let order = ServerOrder(
            id: Self.newIdentifier(), account: call.account.id, profile: profile, status: .pending,
            createdAt: call.now, expires: call.now + Self.orderLifetime, authorizations: authorizations,
            replaces: replaced)
        save(order)
        var response = show(order, call)
        response.status = 201
        return response
    }

    func showOrder(_ id: String, _ call: ACMECall) throws(ServerProblem) -> ACMEResponse {
        let order = try order(id, of: call.account)
        guard call.isReading else { throw ServerProblem.malformed("an order is read with an empty payload") }
        return show(order, call)
    }

    func listOrders(_ account: String, _ call: ACMECall) throws(ServerProblem) -> ACMEResponse {
        guard account == call.account.id else { throw Self.foreign }
        let own = orders.values.filter { $0.account == account && $0.status(at: call.now) != .invalid }
            .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        return ACMEResponse(200, .members(["orders": .strings(own.map { "\(call.base)/order/\($0.id)" })]))
    }

    /// The order, if it belongs to the account.
    func order(_ id: some StringProtocol, of account: ACMEAccount) throws(ServerProblem) -> ServerOrder {
        guard let order = orders[String(id)] else { throw Self.notFound }
        guard order.account == account.id else { throw Self.foreign }
        return order
    }

    func grant(of account: ACMEAccount) throws(ServerProblem) -> ACMEGrant {
        guard let grant = policy.externalAccounts[account.externalAccount] else {
            throw ServerProblem(.unauthorized, .acmeNotAllowed, "the external account of this account is gone")
        }
        return grant
    }

    // MARK: what may be asked for

    private static func names(_ identifiers: JSONValue?) throws(ServerProblem) -> [String] {
        guard let identifiers = identifiers?.elements, (1...maximumNames).contains(identifiers.count) else {
            throw ServerProblem.malformed("`identifiers` is a list of 1 to \(maximumNames) names")
        }
        var names: [String] = []
        for identifier in identifiers {
            guard let value = identifier["value"]?.text, let type = identifier["type"]?.text else {
                throw ServerProblem.malformed("an identifier has a `type` and a `value`")
            }
            guard type == "dns" else {
                throw ServerProblem(.unsupportedIdentifier, .acmeNameRefused, "identifiers are of the type dns")
            }
            guard let name = DomainName.normalized(Array(value.utf8), allowsWildcard: false) else {
                throw ServerProblem(
                    .rejectedIdentifier, .acmeNameRefused,
                    "a name is no DNS name, or has a wildcard, which is not issued")
            }
            guard !names.contains(name) else { throw ServerProblem.malformed("a name stands twice in `identifiers`") }
            names.append(name)
        }
        return names
    }

    private func refuse(_ names: [String], beyond grant: ACMEGrant) throws(ServerProblem) {
        let refused = names.filter { name in !grant.names.contains { $0.covers(name) } }
        guard !refused.isEmpty else { return }
        var problem = ServerProblem(.rejectedIdentifier, .acmeNameRefused, "this account does not get this name")
        problem.names = refused
        throw problem
    }

    /// `server` for those who ask for none and may have it.
    private static func profile(_ value: JSONValue?, _ grant: ACMEGrant) throws(ServerProblem) -> IssuedKind {
        let wanted: IssuedKind?
        switch value {
        case nil: wanted = grant.usages.contains(.server) ? .server : grant.usages.first
        case .string(let text)?: wanted = IssuedKind(rawValue: text)
        case _?: wanted = nil
        }
        guard let wanted, grant.usages.contains(wanted) else {
            throw ServerProblem(.invalidProfile, .acmeProfileRefused, "this account does not get this profile")
        }
        return wanted
    }

    private func replaced(_ value: JSONValue?, by account: ACMEAccount) throws(ServerProblem) -> String? {
        guard let value else { return nil }
        guard let certificate = value.text, let id = ordersByCertificate[certificate], let order = orders[id],
            order.account == account.id
        else { throw ServerProblem.malformed("`replaces` names no certificate of this account") }
        let isReplaced = orders.values.contains { $0.replaces == certificate && $0.status != .invalid }
        guard !isReplaced else {
            var problem = ServerProblem(.alreadyReplaced, .acmeMalformed, "another order replaces this certificate")
            problem.status = 409
            throw problem
        }
        return certificate
    }

    private mutating func countOrder(of account: ACMEAccount, at now: Int64) throws(ServerProblem) {
        let open = orders.values.count { order in
            order.account == account.id && (order.status(at: now) == .pending || order.status(at: now) == .ready)
        }
        let recent = orderTimes[account.id, default: []].filter { now - $0 < 3600 }
        guard recent.count < policy.ordersPerHour, open < Self.maximumOpenOrders, orders.count < Self.maximumOrders
        else {
            var problem = ServerProblem(.rateLimited, .issuingRateLimited, "there are too many orders")
            let wait = recent.count < policy.ordersPerHour ? 60 : recent.first.map { max(1, $0 + 3600 - now) } ?? 60
            problem.fields = [("retry-after", String(wait))]
            throw problem
        }
        orderTimes[account.id] = recent + [now]
    }

    /// 256 random bits (RFC 8555 section 8.3 wants 128).
    private static func newToken() -> String {
        Base64URL.encode((0..<32).map { _ in UInt8.random(in: .min ... .max) })
    }

    // MARK: showing

    func show(_ order: ServerOrder, _ call: ACMECall) -> ACMEResponse { show(order, call.base, at: call.now) }

    func show(_ order: ServerOrder, _ base: String, at now: Int64) -> ACMEResponse {
        let url = "\(base)/order/\(order.id)"
        let status = order.status(at: now)
        return ACMEResponse(
            200,
            .members([
                "status": .string(status.rawValue), "expires": .string(Self.time(order.expires)),
                "identifiers": .array(order.names.map(Self.identifier)),
                "authorizations": .strings(
                    order.authorizations.indices.map { "\(base)/authorization/\(order.id)/\($0)" }),
                "finalize": .string(url + "/finalize"), "profile": .string(order.profile.rawValue),
                "replaces": order.replaces.map(JSONValue.string), "error": order.error?.json,
                "certificate": status == .valid ? .string("\(base)/certificate/\(order.id)") : nil,
            ]), fields: [("location", url)])
    }

    static func identifier(_ name: String) -> JSONValue {
        .members(["type": .string("dns"), "value": .string(name)])
    }

    /// RFC 3339.
    static func time(_ seconds: Int64) -> String {
        String(CertificateTime.text(seconds).map { $0 == " " ? "T" : $0 })
    }
}
