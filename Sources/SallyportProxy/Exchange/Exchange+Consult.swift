import NIOCore
import SallyportAccess
import SallyportConfig
import SallyportHTTP
import SallyportModel

// Services that are asked about a request before it goes on. They can only say no: the gateway has said yes already.
extension Exchange {
    private static let mostConsultedAnswer = 64 << 10

    func consult(_ service: ExternalAuthorization, then goOn: @escaping () -> Void) {
        guard let pool = consultedPool(service.upstream), let question = question(to: service) else {
            return answer(LocalReply(.internalError))
        }
        let timeout = TimeAmount(service.timeout)
        let added = addedFields(for: service)
        let number = nextSuspension()
        let call = SideCall(pool, mostAnswer: Self.mostConsultedAnswer) { [self] head in
            consultation = nil
            guard resume(number) else { return }
            answered(head, by: service, then: goOn)
        }
        guard let call else { return answered(nil, by: service, then: goOn) }
        // The call has a clock of its own; this one is for what must not happen.
        suspend(number, until: .now() + timeout + .seconds(1), otherwise: LocalReply(.consultUnavailable))
        consultation = call
        call.begin(PoolRequest(), within: timeout) { stream in
            let authority = pool.plan.targets[stream.target].authority
            stream.sendHead(question, RequestForwarding(authority: authority, added: added, framing: .none))
            return true
        }
    }

    private func answered(_ head: ResponseHead?, by service: ExternalAuthorization, then goOn: () -> Void) {
        guard let head, head.status < 500 else {
            if service.whenUnavailable == .allow { return goOn() }
            return answer(LocalReply(.consultUnavailable))
        }
        switch head.status {
        case 200..<300:
            take(service.take, from: head)
            goOn()
        case 300..<400: recordRefusal(.consultRefused) { [self] in sendElsewhere(head) }
        case 401: answer(LocalReply(.consultUnauthenticated, fields: fields(["www-authenticate"], of: head)))
        default: answer(LocalReply(.consultRefused))
        }
    }

    /// To log in, for instance.
    private func sendElsewhere(_ head: ResponseHead) {
        guard !fields(["location"], of: head).isEmpty else { return answer(LocalReply(.consultRefused)) }
        record.status = head.status
        record.reason = .consultRefused
        let close = machine.clientMustClose
        let content = LocalContent(
            status: head.status, fields: fields(["location", "set-cookie", "cache-control"], of: head) + policyFields)
        client.send(content, to: self.head, close: close)
        finish(keepAlive: !close)
    }

    private func fields(_ names: [String], of head: ResponseHead) -> [(name: String, value: String)] {
        names.flatMap { name in head.values(of: name).map { (name, $0) } }
    }

    private func take(_ names: [String], from head: ResponseHead) {
        for name in names {
            for field in head.fields(named: name) {
                consulted += Array("\(name): ".utf8) + head.bytes[field.valueRange] + Array("\r\n".utf8)
            }
        }
    }

    // MARK: the question

    /// GET, with the fields of the request that the file names.
    private func question(to service: ExternalAuthorization) -> RequestHead? {
        var text = Array("GET \(service.path) HTTP/1.1\r\nHost: consult\r\n".utf8)
        for name in service.send {
            for field in head.fields(named: name) where field.isForwarded {
                text += Array("\(name): ".utf8) + head.bytes[field.valueRange] + Array("\r\n".utf8)
            }
        }
        text += Array("\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        guard case .head(let question) = parser.next(text.span.bytes).event, question.framing == .none else { return nil }
        return question
    }

    /// What the gateway itself says about the request: none of it can come from the client.
    private func addedFields(for service: ExternalAuthorization) -> [UInt8] {
        var added: [UInt8] = []
        session.forwarded.write(for: head, requestID: requestID.description, into: &added)
        added += Array("X-Forwarded-Method: ".utf8) + head.bytes[head.method] + Array("\r\nX-Forwarded-Uri: ".utf8)
        head.appendTarget(without: [], into: &added)
        added += Array("\r\n".utf8)
        if !caller.names.isEmpty {
            added += Array("X-Sallyport-Identity: \(caller.names.joined(separator: ", "))\r\n".utf8)
        }
        return added
    }
}
