import NIOCore
import SallyportAccess
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportPolicy
import SallyportTokens

// Who asks, beyond the certificate: the token and the API key of the request.
extension Exchange {
    /// Checks what the policies of the route ask for. False: the request was answered, or waits for keys.
    /// - Parameter waited: how many of the token policies have had their wait.
    func identify(_ route: CompiledRoute, waited: Int) -> Bool {
        guard route.policy.asksForCredentials else { return true }
        let presented: PresentedCredentials
        do throws(PresentedCredentials.Ambiguous) {
            presented = try PresentedCredentials(head, isKey: APIKey.isMeant)
        } catch {
            logRefusal(.credentialsAmbiguous) { "it has several Authorization or X-API-Key fields, or one of each" }
            answer(LocalReply(.credentialsAmbiguous))
            return false
        }
        withhold(presented, route.policy)
        if let token = presented.token, !checkToken(token, route, waited: waited) { return false }
        if route.policy.needsAPIKey, let key = presented.key, let refusal = checkKey(key) {
            answer(BearerChallenge.reply(refusal))
            return false
        }
        let rules = configuration.identities
        caller.names += CallerNames.names(rules, for: caller) { rule, identity in
            IdentityRules.rule(rule, holdsFor: identity.certificate, of: identity.authority)
        }
        guard let refusal = session.ban(of: caller.names) else { return true }
        answer(LocalReply(refusal))
        return false
    }

    /// Ends what is under way when whom token or key proved has been banned since: a tunnel outlives its head.
    func recheckBan() {
        if let reason = session.ban(of: caller.names) { clientRefused(reason) }
    }

    /// Why whoever opened a tunnel could not open it any more: what its head proved has ended. Content that is finite
    /// may come to its end.
    func lapse() -> Reason? {
        guard machine.isTunnel else { return nil }
        let now = loop.wallClockSeconds()
        if let certificate = caller.certificate, certificate.certificate.notAfter < now { return .certificateExpiredInUse }
        if let key = apiKey, let reason = callers.lapse(of: key, at: now) { return reason }
        let skew = record.route?.policy.tokens.map(\.skew.components.seconds).max() ?? 0
        return caller.token.map { $0.expires + skew < now } == true ? .tokenExpired : nil
    }

    /// An API key is between the client and this gateway; a token goes on where a policy says so.
    private func withhold(_ presented: PresentedCredentials, _ policy: CompiledPolicy) {
        credentialFields = policy.needsAPIKey ? ["x-api-key"] : []
        let staysHere = policy.tokens.contains { !$0.passOn }
        if staysHere || presented.keyIsBearer { credentialFields.append("authorization") }
    }

    private func checkToken(_ token: [UInt8], _ route: CompiledRoute, waited: Int) -> Bool {
        let now = loop.wallClockSeconds()
        let certificate = caller.certificate?.certificate.fingerprint
        for (index, policy) in route.policy.tokens.enumerated() {
            let number = nextSuspension()
            switch callers.check(
                token, policy, certificate: certificate, from: session.countedAddress, at: now,
                whenKnown: index < waited ? nil : onceMore(route, number, waited: index + 1))
            {
            case .good(let facts): caller.token = facts
            case .refused(let fault):
                logRefusal(fault, of: token, policy)
                answer(BearerChallenge.reply(fault.reason))
                return false
            case .waits(let fault):
                suspend(number, until: .now() + Timeouts.keys, otherwise: BearerChallenge.reply(fault.reason)) { [self] in
                    logRefusal(fault, of: token, policy)
                }
                return false
            }
        }
        return true
    }

    /// Goes on with the exchange, from whatever thread.
    private func onceMore(_ route: CompiledRoute, _ number: Int, waited: Int) -> @Sendable () -> Void {
        let waiting = NIOLoopBound(self, eventLoop: loop.eventLoop)
        let eventLoop = loop.eventLoop
        return {
            eventLoop.execute {
                let exchange = waiting.value
                guard exchange.resume(number) else { return }
                exchange.decide(route, from: .identify, waited: waited)
            }
        }
    }

    private func checkKey(_ bytes: [UInt8]) -> Reason? {
        let key = APIKey(bytes)
        let record = key.flatMap(callers.record)
        if let reason = refusal(of: record) {
            logRefusal(reason, of: key, record)
            return reason
        }
        caller.key = record.map { KeyFacts(name: $0.name, identity: $0.identity) }
        apiKey = record
        return nil
    }

    /// That nobody has read the keys says nothing about the client's: it is not told that its key is bad.
    private func refusal(of record: APIKeyRecord?) -> Reason? {
        guard let record else { return callers.hasAPIKeys ? .apiKeyUnknown : .apiKeysUnavailable }
        if record.hasExpired(at: loop.wallClockSeconds()) { return .apiKeyExpired }
        return record.identity.map(isCalled) == false ? .apiKeyBoundElsewhere : nil
    }

    /// Whether it is the name of the caller, or of a group of it.
    private func isCalled(_ name: String) -> Bool {
        (caller.names + configuration.groups.names(for: caller.names)).contains { $0.utf8.elementsEqual(name.utf8) }
    }

    /// What conditions can ask about.
    var circumstances: Circumstances {
        Circumstances(
            head: head, client: session.clientNumber, caller: caller, groups: configuration.groups,
            session: session.facts, now: loop.wallClockSeconds())
    }
}
