import SallyportHTTP
import SallyportModel
import SallyportPolicy

// What a route's policies say about a request before it is asked who makes it.
extension CompiledPolicy {
    /// Addresses, maintenance, method, and the length that the head announces.
    package func shield(_ head: borrowing RequestHead, from address: ClientAddress) -> Verdict {
        for rule in addresses {
            if rule.deny.contains(address) || rule.allow?.contains(address) == false {
                return .respond(LocalReply(.addressRefused))
            }
        }
        for maintenance in maintenance where !maintenance.except.contains(address) {
            return .respond(LocalReply(.underMaintenance, fields: [("retry-after", "\(maintenance.retryAfter)")]))
        }
        if !methods.isEmpty, let refusal = refusedMethod(head.methodText) { return .respond(refusal) }
        if let body, case .length(let length) = head.framing, length > UInt64(body) {
            return .respond(LocalReply(.bodyTooLarge))
        }
        return .proceed
    }

    private func refusedMethod(_ method: String) -> LocalReply? {
        guard methods.contains(where: { !$0.contains(method) }) else { return nil }
        let left = methods.dropFirst().reduce(methods.first ?? []) { $0.intersection($1) }
        return LocalReply(.methodRefused, fields: [("allow", left.sorted().joined(separator: ", "))])
    }
}
