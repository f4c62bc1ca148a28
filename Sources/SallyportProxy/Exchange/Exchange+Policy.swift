import SallyportAccess
import SallyportHTTP
import SallyportModel

// What the policies of a route demand of this exchange, and what they change about its heads.
extension Exchange {
    /// What is asked of a request whoever makes it. False: it has been answered.
    func shield(_ policy: CompiledPolicy) -> Bool {
        if case .respond(let refusal) = policy.shield(head, from: session.clientNumber) {
            answer(refusal)
            return false
        }
        switch policy.crossOrigin(head) {
        case .goOn(let fields):
            crossOriginFields = fields
            return true
        case .allowed(let fields):
            answerPreflight(fields)
            return false
        case .refused:
            answer(LocalReply(.crossOriginRefused))
            return false
        }
    }

    private func answerPreflight(_ fields: [(name: String, value: String)]) {
        record.status = 204
        let close = machine.clientMustClose
        client.send(LocalContent(status: 204, fields: fields + (record.route?.policy.response.fields ?? [])), to: head, close: close)
        finish(keepAlive: !close)
    }

    /// Fields that go with whatever is answered under the route's policies, or under the baseline where no route was
    /// found, the gateway's own refusals included.
    var policyFields: [(name: String, value: String)] {
        guard let policy = record.route?.policy ?? session.rules?.baseline, !policy.isEmpty else { return [] }
        return policy.response.fields + crossOriginFields
    }

    /// The head as upstreams get to see it.
    var forwardedHead: RequestHead {
        let withheld = withheldFromUpstream
        guard !withheld.isEmpty else { return head }
        var changed = head
        changed.withhold(withheld)
        return changed
    }

    /// Names of fields of the client that upstreams never see, in the head or behind the content.
    var withheldFromUpstream: [String] {
        let own = credentialFields + withheldTraceFields
        guard let policy = record.route?.policy, !policy.isEmpty else { return own }
        return own.isEmpty ? policy.withheldFromUpstream : policy.withheldFromUpstream + own
    }

    /// Names of fields of the upstream that clients never see, in a head or behind the content.
    private var withheldFromClient: [String] {
        guard let policy = record.route?.policy, !policy.isEmpty else { return [] }
        return policy.response.withheld
    }

    func changed(_ interim: ResponseHead) -> ResponseHead {
        let withheld = withheldFromClient
        guard !withheld.isEmpty else { return interim }
        var changed = interim
        changed.withhold(withheld)
        return changed
    }

    func changed(_ trailers: Trailers?) -> Trailers? {
        let withheld = withheldFromClient
        return withheld.isEmpty ? trailers : trailers?.without(withheld)
    }

    func changeFields(of response: inout ResponseHead, _ plan: inout ResponsePlan) {
        guard let policy = record.route?.policy, !policy.isEmpty else { return }
        response.withhold(policy.response.withheld)
        plan.added += policy.response.lines(for: response)
        guard policy.answersCrossOrigin else { return }
        // Two answers to one question are none.
        response.withhold(CompiledPolicy.crossOriginAnswers)
        for field in crossOriginFields { plan.added += Array("\(field.name): \(field.value)\r\n".utf8) }
    }

    /// More content of the response, this piece included, than the route's policies allow.
    func isResponseTooLong(_ length: UInt64) -> Bool {
        guard let most = record.route?.policy.responseBody else { return false }
        return length > UInt64(most)
    }

    /// More content has come than the route's policies allow.
    func isTooLong() -> Bool {
        guard let most = record.route?.policy.body else { return false }
        return record.requestBytes > most
    }
}
