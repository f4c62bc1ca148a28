import Logging
import SallyportAccess
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTokens

// Why a token or an API key was refused, for the operator. The client is told a code and nothing else.
extension Exchange {
    /// One line at warn; of a flood a few. The words are made only if the line is written.
    func logRefusal(_ reason: Reason, _ detail: () -> String) {
        guard let withheld = loop.refusals.admit(reason.code, at: loop.wallClockSeconds()) else { return }
        var metadata: Logger.Metadata = [
            "code": "\(reason.name)", "reason": "\(reason.title)", "detail": "\(detail())",
            "peer": "\(session.clientAddress)", "listener": "\(session.listener.name)", "request": "\(requestID)",
            "fix": "\(reason.fix)",
        ]
        if let route = record.route?.route.name { metadata["route"] = "\(route)" }
        if let name = caller.certificate?.displayName { metadata["client"] = "\(PrintableText.make(name, limit: 128))" }
        if withheld > 0 { metadata["withheld"] = "\(withheld)" }
        loop.logger.warning("credentials refused", metadata: metadata)
    }

    func logRefusal(_ fault: TokenFault, of token: [UInt8], _ policy: TokenPolicy) {
        logRefusal(fault.reason) {
            "a token of \(policy.issuer): "
                + callers.words(
                    for: fault, token, policy, certificate: caller.certificate?.certificate.fingerprint,
                    at: loop.wallClockSeconds())
        }
    }

    /// - Parameter record: of the key, if there is one.
    func logRefusal(_ reason: Reason, of key: APIKey?, _ record: APIKeyRecord?) {
        logRefusal(reason) {
            guard let record else {
                if let fault = callers.apiKeyFault { return "no API key can be checked: \(fault)" }
                return key == nil
                    ? "the API key is none that a gateway of this kind has made, or was not copied as a whole"
                    : "the API key is well-formed, and not in keys/keys.json of this gateway"
            }
            if reason == .apiKeyExpired, let end = record.expiresAt {
                let ago = CertificateTime.duration(loop.wallClockSeconds() - end)
                return "the API key \(record.name) expired \(ago) ago, at \(CertificateTime.text(end))"
            }
            let names = caller.names.isEmpty ? "nobody by name" : caller.names.joined(separator: ", ")
            return "the API key \(record.name) is for \(record.identity ?? "anyone"), and the client is \(names)"
        }
    }
}
