import SallyportProxy

/// `sallyport status` for people.
struct StatusText: CustomStringConvertible {
    let description: String

    /// - Parameter source: The file that is served.
    init(_ status: GatewayStatus, source: String) {
        var rows: [(String, String)] = [
            ("generation", "\(status.generation), loaded \(LocalTime.minute(status.loadedAt)) from \(source)"),
            ("running since", LocalTime.minute(status.startedAt) + (status.draining ? ", draining" : "")),
        ]
        if !status.lastReload.succeeded {
            let when = LocalTime.minute(status.lastReload.at)
            rows.append(("last reload", "FAILED \(when): \(status.lastReload.message ?? "no reason known")"))
        }
        for listener in status.listeners {
            rows.append(("listener", "\(listener.name)  \(listener.address)  \(listener.kind)"))
        }
        rows.append(("connections", "\(status.connections) open"))
        rows.append(("requests", "\(status.requests)"))
        rows.append(("handshakes", "\(status.handshakes) accepted, \(status.refusedHandshakes) refused"))
        for refusal in status.refusals.prefix(8) {
            rows.append(("refusals", "\(refusal.count)  \(refusal.code) \(refusal.title)"))
        }
        for refusal in status.latestRefusals {
            let client = refusal.subject ?? refusal.peer
            rows.append(("latest", "\(LocalTime.ofDay(refusal.at))  \(refusal.connection)  \(refusal.code)  \(client)"))
        }
        for certificate in status.certificates {
            let renewal = certificate.renewsItself ? ", renews itself" : ""
            let until = LocalTime.minute(certificate.notAfter)
            rows.append(("certificate", "\(certificate.listener)  \(certificate.subject)  until \(until)\(renewal)"))
        }
        for risk in status.acceptedRisks {
            rows.append(("accepted risk", "\(risk.path): \(risk.what), because \"\(risk.because)\""))
        }
        description = Self.aligned(rows)
    }

    private static func aligned(_ rows: [(String, String)]) -> String {
        var previous = ""
        return rows.map { name, value in
            defer { previous = name }
            let shown = name == previous ? "" : name
            return shown + String(repeating: " ", count: 15 - shown.count) + value
        }.joined(separator: "\n")
    }
}
