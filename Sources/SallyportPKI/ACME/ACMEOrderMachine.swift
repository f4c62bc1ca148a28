import SallyportConfig
import SallyportModel

/// One order, from the directory to the certificate (RFC 8555 §7.1), without input, output or clock of its own.
///
///     directory ─▶ account ─▶ order ─▶ authorizations ─▶ challenges ─▶ polling ─▶ finalize ─▶ polling ─▶ certificate
///                               ▲ resumed (crash) ─┘        │ prove                               │
///                               └─ not there any more       ▼                                     ▼
///                                                     the driver publishes                     finished
///
/// Every POST needs a nonce: without one the machine fetches one first, and a `badNonce` sends the same step again.
/// Any event that a step does not expect, any answer out of bounds and any exhausted patience is `failed`, for good.
package struct ACMEOrderMachine: Sendable {
    package enum Event: Sendable {
        case answered(FetchResponse)
        case unreachable(FetchFailure)
        /// What the last action asked for (wait, remember, prove) is done.
        case carriedOut
    }

    package enum Action: Sendable {
        case send(FetchRequest)
        case wait(seconds: Int64)
        /// To be stored before anything else happens, so that a crash costs neither account nor order.
        case remember(Progress)
        /// To be visible to the ACME server from now on, until the machine is over.
        case prove([ChallengeProof])
        case finished(CredentialPair)
        case failed(ACMEFailure)
    }

    /// What a machine that begins anew goes on with.
    package struct Progress: Sendable, Hashable {
        /// The URL of the account, as the server wrote it.
        package var account: String?
        package var order: FetchURL?

        package init(account: String? = nil, order: FetchURL? = nil) {
            self.account = account
            self.order = order
        }
    }

    enum Step: Sendable, Hashable {
        case directory, nonce, account, order, resumed, finalize, pollOrder, certificate
        case authorization(Int), challenge(Int), poll(Int)
    }

    /// A request that waits for its nonce.
    private struct Unsigned: Sendable {
        var step: Step
        var url: FetchURL
        var payload: JSONValue?
    }

    private struct Authorization: Sendable {
        var url: FetchURL
        var name = ""
        /// Nil once the server is convinced.
        var challenge: FetchURL?
    }

    private let signer: JSONWebSigner
    private let key: PrivateKey
    private let request: [UInt8]
    private var wish: ACMEWish
    private var progress: Progress
    private var directory: ACMEDirectory?
    private var nonce: String?
    private var unsent: Unsigned?
    private var awaited = Step.directory
    private var following: Step?
    private var order: ACMEOrder?
    private var authorizations: [Authorization] = []
    private var proofs: [ChallengeProof] = []
    private var requestsLeft = Self.mostRequests
    private var noncesLeft = Self.mostNonces
    private var polls = 0
    private var pollsUntil: Int64 = 0
    private var mayOpenAccount = true

    /// An honest order of a hundred names needs some 400.
    private static let mostRequests = 1000
    /// That may be refused one after the other. A server that refuses one in two goes through.
    private static let mostNonces = 10
    /// Seconds that validation may take, and that issuing may.
    static let patience: Int64 = 300

    /// - Parameters:
    ///   - signer: the account's key.
    ///   - key: of the certificate; the same as before when an order is resumed.
    package init(
        _ wish: ACMEWish, signer: JSONWebSigner, key: PrivateKey, resuming progress: Progress
    ) throws(PKIError) {
        self.wish = wish
        self.signer = signer
        self.key = key
        self.progress = progress
        request = try OrderRequest.make(names: wish.names, key: key)
    }

    // MARK: events

    package mutating func begin() -> Action { get(wish.directory) }

    /// - Parameter now: seconds since 1970.
    package mutating func handle(_ event: Event, at now: Int64) -> Action {
        do throws(ACMEFailure) {
            switch event {
            case .unreachable(let failure): throw ACMEFailure(failure.reason, "\(failure.url): \(failure.detail)")
            case .answered(let response): return try take(response, at: now)
            case .carriedOut:
                guard let step = following.take() else { throw Self.outOfStep }
                return try start(step)
            }
        } catch {
            return .failed(error)
        }
    }

    private mutating func take(_ response: FetchResponse, at now: Int64) throws(ACMEFailure) -> Action {
        if let fresh = response.value(of: "replay-nonce"), ChallengeToken.isValid(fresh) { nonce = fresh }
        if awaited == .nonce { return try takeNonce() }
        guard (200..<300).contains(response.status) else { return try refused(response, at: now) }
        noncesLeft = Self.mostNonces
        switch awaited {
        case .directory: return try takeDirectory(response)
        case .account: return try takeAccount(response)
        case .order: return try takeNewOrder(response)
        case .resumed: return try takeResumedOrder(response)
        case .authorization(let index): return try takeAuthorization(response, index)
        case .challenge(let index): return try challenged(after: index, at: now)
        case .poll(let index): return try polled(response, index, at: now)
        case .finalize:
            (polls, pollsUntil) = (0, now + Self.patience)
            return try takeOrder(response, at: now)
        case .pollOrder: return try takeOrder(response, at: now)
        case .certificate: return .finished(try ACMECertificate.check(response.body, key, wish.names, at: now))
        case .nonce: throw Self.outOfStep
        }
    }

    private static let outOfStep = ACMEFailure(.internalError, "the ACME client is out of step")

    // MARK: sending

    private mutating func start(_ step: Step) throws(ACMEFailure) -> Action {
        guard let directory else { throw Self.outOfStep }
        switch step {
        case .account: return try post(step, directory.newAccount, accountPayload(directory))
        case .order: return try post(step, directory.newOrder, orderPayload(directory))
        case .authorization(let index), .poll(let index): return try post(step, authorizations[index].url, nil)
        case .challenge(let index):
            guard let url = authorizations[index].challenge else { throw Self.outOfStep }
            return try post(step, url, .object([]))
        case .resumed, .pollOrder:
            guard let url = progress.order else { throw Self.outOfStep }
            return try post(step, url, nil)
        case .finalize:
            guard let url = order?.finalize else { throw Self.outOfStep }
            return try post(step, url, .members(["csr": .string(Base64URL.encode(request))]))
        case .certificate:
            guard let url = order?.certificate else { throw Self.outOfStep }
            return try post(step, url, nil)
        case .directory, .nonce: throw Self.outOfStep
        }
    }

    private mutating func get(_ url: FetchURL) -> Action {
        awaited = .directory
        return .send(FetchRequest(.get, url, trust: wish.trust, bounds: Self.bounds(.directory)))
    }

    /// - Parameter payload: nil for a POST-as-GET (§6.3).
    private mutating func post(_ step: Step, _ url: FetchURL, _ payload: JSONValue?) throws(ACMEFailure) -> Action {
        try send(Unsigned(step: step, url: url, payload: payload))
    }

    private mutating func send(_ unsigned: Unsigned) throws(ACMEFailure) -> Action {
        guard requestsLeft > 0 else { throw ACMEFailure(.acmeOrderFailed, "it takes more requests than any order should") }
        requestsLeft -= 1
        unsent = unsigned
        guard let nonce = nonce.take() else {
            guard let url = directory?.newNonce else { throw Self.outOfStep }
            awaited = .nonce
            return .send(FetchRequest(.head, url, trust: wish.trust, bounds: Self.bounds(.nonce)))
        }
        awaited = unsigned.step
        let body: [UInt8]
        do throws(JOSEFailure) {
            // A new account is asked for with the key itself (§6.2); everything else with the account's URL.
            body = try signer.sign(
                payload: unsigned.payload, url: unsigned.url.text, nonce: nonce,
                account: unsigned.step == .account ? nil : progress.account)
        } catch {
            throw ACMEFailure(.acmeStateUnusable, error.description)
        }
        return .send(
            FetchRequest(
                .post, unsigned.url, fields: [.contentType("application/jose+json")], body: body, trust: wish.trust,
                bounds: Self.bounds(unsigned.step)))
    }

    private static func bounds(_ step: Step) -> FetchBounds {
        FetchBounds(content: step == .certificate ? ACMECertificate.mostBytes : ACMEJSON.mostBytes)
    }

    private func accountPayload(_ directory: ACMEDirectory) -> JSONValue {
        let binding = wish.externalAccount.map {
            signer.externalAccountBinding(identifier: $0.keyID, secret: $0.secret, url: directory.newAccount.text)
        }
        return .members([
            "termsOfServiceAgreed": wish.agreesToTerms ? .bool(true) : nil,
            "contact": wish.email.map { .strings(["mailto:" + $0]) }, "externalAccountBinding": binding,
        ])
    }

    private func orderPayload(_ directory: ACMEDirectory) -> JSONValue {
        .members([
            "identifiers": .array(wish.names.map { .members(["type": .string("dns"), "value": .string($0)]) }),
            "profile": wish.profile.map(JSONValue.string),
            "replaces": directory.renewalInfo == nil ? nil : wish.replaces.map(JSONValue.string),
        ])
    }

    // MARK: refusals

    private mutating func refused(_ response: FetchResponse, at now: Int64) throws(ACMEFailure) -> Action {
        let problem = ACMEProblem(response)
        if problem.type == "badNonce", noncesLeft > 0, let again = unsent {
            noncesLeft -= 1
            return try send(again)
        }
        switch (awaited, problem.type) {
        case (.resumed, _) where response.status < 500 && problem.type != "rateLimited":
            progress.order = nil
            return try start(.order)
        case (.order, "alreadyReplaced") where wish.replaces != nil:
            wish.replaces = nil
            return try start(.order)
        case (.order, "accountDoesNotExist") where mayOpenAccount, (.resumed, "accountDoesNotExist") where mayOpenAccount:
            progress = Progress()
            return try openAccount()
        default:
            throw problem.failure(
                "at \(awaited.words)", names: wish.names, retryAt: RetryAfter.time(in: response, at: now),
                otherwise: awaited.refusal)
        }
    }

    // MARK: directory, nonce, account

    private mutating func takeDirectory(_ response: FetchResponse) throws(ACMEFailure) -> Action {
        let directory = try ACMEDirectory(parsing: response.body, from: wish.directory)
        self.directory = directory
        if let profile = wish.profile, !directory.profiles.contains(profile) {
            let known = directory.profiles.isEmpty ? "the server has no profiles" : "it has \(directory.profiles.joined(separator: ", "))"
            throw ACMEFailure(.acmeProfileUnknown, "profile \(PrintableText.make(profile, limit: 64)) is asked for; \(known)")
        }
        if progress.account == nil { return try openAccount() }
        return try start(progress.order == nil ? .order : .resumed)
    }

    private mutating func openAccount() throws(ACMEFailure) -> Action {
        mayOpenAccount = false
        if let terms = directory?.termsOfService, !wish.agreesToTerms { throw ACMEFailure(.acmeTermsNotAgreed, terms) }
        if directory?.externalAccountRequired == true, wish.externalAccount == nil {
            throw ACMEFailure(.acmeExternalAccountMissing, "\(wish.directory.text) says externalAccountRequired")
        }
        return try start(.account)
    }

    private mutating func takeNonce() throws(ACMEFailure) -> Action {
        guard nonce != nil, let unsent else {
            throw ACMEFailure(.acmeAnswerMalformed, "the server gave no nonce when it was asked for one")
        }
        return try send(unsent)
    }

    private mutating func takeAccount(_ response: FetchResponse) throws(ACMEFailure) -> Action {
        let json = try ACMEJSON.object(response.body, "the account")
        guard let location = response.value(of: "location"), FetchURL(location) != nil else {
            throw ACMEFailure(.acmeAnswerMalformed, "the account has no URL")
        }
        let status = json["status"]?.text ?? "valid"
        guard status == "valid" else { throw ACMEFailure(.acmeAccountRefused, "its status is \(status)") }
        progress.account = location
        return remember(then: progress.order == nil ? .order : .resumed)
    }

    private mutating func remember(then step: Step) -> Action {
        following = step
        return .remember(progress)
    }

    // MARK: order and authorizations

    private mutating func takeNewOrder(_ response: FetchResponse) throws(ACMEFailure) -> Action {
        let url = try ACMEJSON.url(
            response.value(of: "location").map(JSONValue.string), "the URL of the order", seenFrom: wish.directory)
        let order = try ACMEOrder(parsing: response.body, from: url)
        guard order.names == Set(wish.names) else {
            throw ACMEFailure(.acmeAnswerMalformed, "the order is for other names than those that were asked for")
        }
        self.order = order
        progress.order = url
        return remember(then: try firstStep(of: order))
    }

    private mutating func takeResumedOrder(_ response: FetchResponse) throws(ACMEFailure) -> Action {
        guard let url = progress.order else { throw Self.outOfStep }
        let order = try ACMEOrder(parsing: response.body, from: url)
        guard order.names == Set(wish.names), order.status != .invalid else {
            progress.order = nil
            return try start(.order)
        }
        self.order = order
        return try start(try firstStep(of: order))
    }

    private mutating func firstStep(of order: ACMEOrder) throws(ACMEFailure) -> Step {
        guard (1...ACMEWish.mostNames).contains(order.authorizations.count) else {
            throw ACMEFailure(.acmeAnswerMalformed, "the order has \(order.authorizations.count) authorizations")
        }
        authorizations = order.authorizations.map { Authorization(url: $0) }
        switch order.status {
        case .pending: return .authorization(0)
        case .ready: return .finalize
        case .processing:
            // Of the order itself; set anew when it is polled after finalizing.
            pollsUntil = .max
            return .pollOrder
        case .valid: return .certificate
        case .invalid: throw failed(order)
        }
    }

    private mutating func takeAuthorization(_ response: FetchResponse, _ index: Int) throws(ACMEFailure) -> Action {
        let url = authorizations[index].url
        let authorization = try ACMEAuthorization(parsing: response.body, from: url)
        guard wish.names.contains(authorization.name) else {
            throw ACMEFailure(.acmeAnswerMalformed, "an authorization is for a name that was not asked for")
        }
        authorizations[index].name = authorization.name
        switch authorization.status {
        case .valid: break
        case .pending: try choose(authorization, index)
        case .invalid, .deactivated, .expired, .revoked: throw failed(authorization)
        }
        if index + 1 < authorizations.count { return try start(.authorization(index + 1)) }
        guard let first = nextUnproved(after: -1) else { return try start(.finalize) }
        following = .challenge(first)
        return .prove(proofs)
    }

    private mutating func choose(_ authorization: ACMEAuthorization, _ index: Int) throws(ACMEFailure) {
        guard let challenge = authorization.challenges.first(where: { $0.type == wish.challenge.rawValue }) else {
            let offered = authorization.challenges.map { PrintableText.make($0.type, limit: 32) }.joined(separator: ", ")
            throw ACMEFailure(
                .acmeChallengeNotOffered, "\(authorization.name): \(wish.challenge.rawValue) is wanted, \(offered) offered",
                names: [authorization.name])
        }
        authorizations[index].challenge = challenge.url
        proofs.append(
            ChallengeProof(
                kind: wish.challenge, name: authorization.name, token: challenge.token,
                keyAuthorization: "\(challenge.token).\(signer.publicKey.thumbprint)"))
    }

    private func nextUnproved(after index: Int) -> Int? {
        authorizations.indices.first { $0 > index && authorizations[$0].challenge != nil }
    }

    // MARK: validation

    private mutating func challenged(after index: Int, at now: Int64) throws(ACMEFailure) -> Action {
        if let next = nextUnproved(after: index) { return try start(.challenge(next)) }
        guard let first = nextUnproved(after: -1) else { throw Self.outOfStep }
        (polls, pollsUntil) = (0, now + Self.patience)
        return try pause(nil, then: .poll(first), at: now)
    }

    private mutating func polled(_ response: FetchResponse, _ index: Int, at now: Int64) throws(ACMEFailure) -> Action {
        let authorization = try ACMEAuthorization(parsing: response.body, from: authorizations[index].url)
        switch authorization.status {
        case .valid:
            authorizations[index].challenge = nil
            return try start(nextUnproved(after: index).map(Step.poll) ?? .finalize)
        case .pending: return try pause(response, then: .poll(index), at: now)
        case .invalid, .deactivated, .expired, .revoked: throw failed(authorization)
        }
    }

    private func failed(_ authorization: ACMEAuthorization) -> ACMEFailure {
        let problem = authorization.challenges.compactMap(\.problem).first
        let words = problem.map { "\($0.type): \($0.detail)" } ?? "the authorization is \(authorization.status.rawValue)"
        let name = PrintableText.make(authorization.name, limit: 253)
        return ACMEFailure(.acmeValidationFailed, "\(name): \(words)", names: [name])
    }

    // MARK: issuing

    private mutating func takeOrder(_ response: FetchResponse, at now: Int64) throws(ACMEFailure) -> Action {
        guard let url = progress.order else { throw Self.outOfStep }
        if pollsUntil == .max { pollsUntil = now + Self.patience }
        let order = try ACMEOrder(parsing: response.body, from: url)
        self.order = order
        switch order.status {
        case .valid: return try start(.certificate)
        case .processing, .ready: return try pause(response, then: .pollOrder, at: now)
        case .pending, .invalid: throw failed(order)
        }
    }

    private func failed(_ order: ACMEOrder) -> ACMEFailure {
        guard let problem = order.problem else {
            return ACMEFailure(.acmeOrderFailed, "its status is \(order.status.rawValue)")
        }
        return problem.failure("the order", names: wish.names, retryAt: nil, otherwise: .acmeOrderFailed)
    }

    /// Waits as long as the server asks for, else 1, 2, 4 and then 8 seconds.
    private mutating func pause(
        _ response: FetchResponse?, then step: Step, at now: Int64
    ) throws(ACMEFailure) -> Action {
        let asked = response.flatMap { RetryAfter.time(in: $0, at: now) }.map { $0 - now }
        let seconds = max(1, asked ?? 1 << min(polls, 3))
        polls += 1
        guard now + seconds <= pollsUntil else {
            throw ACMEFailure(.acmeOrderFailed, "the server did not come to an end in \(Self.patience) s at \(step.words)")
        }
        following = step
        return .wait(seconds: seconds)
    }
}

extension ACMEOrderMachine.Step {
    /// Follows "at".
    fileprivate var words: String {
        switch self {
        case .directory: "the directory"
        case .nonce: "the nonce"
        case .account: "the account"
        case .order, .resumed, .pollOrder: "the order"
        case .finalize: "finalizing"
        case .certificate: "the certificate"
        case .authorization, .poll: "the authorization"
        case .challenge: "the challenge"
        }
    }

    /// What a refusal means that no problem type explains.
    fileprivate var refusal: Reason {
        switch self {
        case .directory, .nonce: .fetchStatusRefused
        case .finalize: .acmeOrderFailed
        default: .acmeRefused
        }
    }
}
