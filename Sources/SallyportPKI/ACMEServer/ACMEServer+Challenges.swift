import SallyportConfig
import SallyportModel

// Authorizations and their challenges (RFC 8555 sections 7.5 and 8).
extension ACMEServer {
    /// - Parameter path: order and index.
    mutating func authorization(_ path: ArraySlice<Substring>, _ call: ACMECall) throws(ServerProblem) -> ACMEResponse {
        let (order, index) = try authorization(path, of: call.account)
        if call.isReading { return ACMEResponse(200, show(order, index, call)) }
        guard try call.json()["status"]?.text == "deactivated" else {
            throw ServerProblem.malformed("`status` of an authorization can become `deactivated` only")
        }
        var changed = order
        changed.authorizations[index].status = .deactivated
        if changed.status == .pending || changed.status == .ready { changed.status = .invalid }
        save(changed)
        return ACMEResponse(200, show(changed, index, call))
    }

    /// - Parameter path: order, index and type.
    mutating func challenge(_ path: ArraySlice<Substring>, _ call: ACMECall) throws(ServerProblem) -> ACMEResponse {
        var (order, index) = try authorization(path.dropLast(), of: call.account)
        let challenges = order.authorizations[index].challenges
        guard let place = challenges.firstIndex(where: { $0.type.rawValue == path.last ?? "" }) else {
            throw Self.notFound
        }
        if !call.isReading, challenges[place].status == .pending, order.status(at: call.now) == .pending {
            guard case .object([]) = try call.json() else {
                throw ServerProblem.malformed("a challenge is begun with an empty object")
            }
            guard order.authorizations[index].status == .pending,
                !challenges.contains(where: { $0.status == .processing })
            else { throw ServerProblem.malformed("another challenge of this name is under way") }
            order.authorizations[index].challenges[place].status = .processing
            save(order)
            do throws(JOSEFailure) {
                request(try validation(order, index, order.authorizations[index].challenges[place], call.account))
            } catch {
                throw ServerProblem(error)
            }
        }
        let challenge = order.authorizations[index].challenges[place]
        return ACMEResponse(
            200, Self.show(challenge, Self.url(order, index, challenge, call.base)),
            fields: [("link", "<\(call.base)/authorization/\(order.id)/\(index)>;rel=\"up\"")])
    }

    /// What a look at a challenge found out. It counts only while the order waits for it.
    package mutating func validated(_ validation: ACMEValidation, _ result: Result<Void, ValidationFailure>, at now: Int64) {
        guard var order = orders[validation.order], order.status(at: now) == .pending,
            order.authorizations.indices.contains(validation.authorization)
        else { return }
        var authorization = order.authorizations[validation.authorization]
        guard authorization.status == .pending,
            let place = authorization.challenges.firstIndex(where: {
                $0.type == validation.type && $0.token == validation.token && $0.status == .processing
            })
        else { return }
        authorization.challenges[place].validatedAt = now
        switch result {
        case .success:
            authorization.challenges[place].status = .valid
            authorization.status = .valid
        case .failure(let failure):
            authorization.challenges[place].status = .invalid
            authorization.challenges[place].error = failure
            authorization.status = .invalid
            order.status = .invalid
            order.error = failure
        }
        order.authorizations[validation.authorization] = authorization
        if order.authorizations.allSatisfy({ $0.status == .valid }) { order.status = .ready }
        save(order)
    }

    func validation(
        _ order: ServerOrder, _ index: Int, _ challenge: ACMEChallenge, _ account: ACMEAccount
    ) throws(JOSEFailure) -> ACMEValidation {
        ACMEValidation(
            order: order.id, externalAccount: account.externalAccount, authorization: index, type: challenge.type, name: order.authorizations[index].name,
            token: challenge.token, keyAuthorization: "\(challenge.token).\(try Self.key(of: account).thumbprint)")
    }

    private func authorization(
        _ path: ArraySlice<Substring>, of account: ACMEAccount
    ) throws(ServerProblem) -> (ServerOrder, Int) {
        guard path.count == 2, let id = path.first, let text = path.last else { throw Self.notFound }
        let order = try order(id, of: account)
        guard let index = order.authorizations.indices.first(where: { String($0) == text }) else { throw Self.notFound }
        return (order, index)
    }

    // MARK: showing

    private func show(_ order: ServerOrder, _ index: Int, _ call: ACMECall) -> JSONValue {
        let authorization = order.authorizations[index]
        let isOver = call.now > order.expires && authorization.status == .pending
        return .members([
            "identifier": Self.identifier(authorization.name),
            "status": .string(isOver ? "expired" : authorization.status.rawValue),
            "expires": .string(Self.time(order.expires)),
            "challenges": .array(
                authorization.challenges.map { Self.show($0, Self.url(order, index, $0, call.base)) }),
        ])
    }

    private static func url(_ order: ServerOrder, _ index: Int, _ challenge: ACMEChallenge, _ base: String) -> String {
        "\(base)/challenge/\(order.id)/\(index)/\(challenge.type.rawValue)"
    }

    private static func show(_ challenge: ACMEChallenge, _ url: String) -> JSONValue {
        .members([
            "type": .string(challenge.type.rawValue), "url": .string(url), "token": .string(challenge.token),
            "status": .string(challenge.status.rawValue),
            "validated": challenge.status == .valid ? challenge.validatedAt.map { .string(time($0)) } : nil,
            "error": challenge.error?.json,
        ])
    }
}
