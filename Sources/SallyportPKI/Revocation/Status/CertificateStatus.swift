/// What is known about whether a certificate still counts.
enum CertificateStatus: Sendable, Hashable {
    /// - Parameter until: seconds since 1970; then it has to be looked up again.
    case good(until: Int64)
    case revoked(Withdrawal)
    /// - Parameter why: in the operator's words.
    case unknown(why: String)

    /// While something is not known, it is looked up again after so many seconds.
    static let doubtPause: Int64 = 30

    /// What several sources say together: revoked if one says so, else good if one says so. Good when none was asked.
    ///
    /// It is to be looked up again as soon as one of them wants that, however long the others hold: a responder is asked
    /// again only then.
    static func combined(_ statuses: [CertificateStatus], at now: Int64) -> CertificateStatus {
        var ends: [Int64] = []
        var doubts: [String] = []
        for status in statuses {
            switch status {
            case .revoked: return status
            case .good(let until): ends.append(until)
            case .unknown(let why): doubts.append(why)
            }
        }
        guard let end = ends.min() else {
            return doubts.isEmpty ? .good(until: .max) : .unknown(why: doubts.joined(separator: "; "))
        }
        return .good(until: doubts.isEmpty ? end : min(end, now + doubtPause))
    }
}

/// When and why a certificate was withdrawn, and who says so.
struct Withdrawal: Sendable, Hashable {
    /// Seconds since 1970.
    let date: Int64?
    let reason: RevocationReason
    /// For people: which list, responder or registry.
    let source: String

    /// Follows "has been revoked".
    var text: String {
        let when = date.map { " at \(CertificateTime.text($0))" } ?? ""
        let why = reason == .unspecified ? "" : " (\(reason.name))"
        return "\(when)\(why), says \(source)"
    }
}
