import SallyportModel

extension HandshakeRefusal {
    /// The same for every refusal; what differs is in the metadata.
    package static let logMessage: StaticString = "handshake refused"

    /// Whether this is a connection without a byte, which is counted and not logged as a refusal.
    package var isSilentProbe: Bool { reason == .closedSilently }

    /// Keys and values for structured logs; absent facts are left out.
    package var logMetadata: [(key: String, value: String)] {
        let fields: [(key: String, value: String?)] = [
            ("code", reason.name), ("reason", reason.title.description), ("detail", detail), ("peer", peer),
            ("listener", listener), ("sni", sni), ("subject", subject), ("issuer", issuer), ("serial", serial), ("ja4", ja4),
            ("connection", record?.connection.text), ("fix", fix),
        ]
        return fields.compactMap { field in field.value.map { (field.key, $0) } }
    }

    /// One line for people.
    package var line: String {
        var line = "\(reason.name) \(reason.title): \(detail); peer \(peer), listener \(listener)"
        if let sni { line += ", server name \(sni)" }
        if let subject { line += ", certificate \(subject)" }
        if let issuer { line += " by \(issuer)" }
        return line + ". Fix: \(fix)"
    }
}
