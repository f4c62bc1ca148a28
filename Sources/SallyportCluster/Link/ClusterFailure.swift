import SallyportModel

/// Why the shared counters cannot be asked, for the log. No secret is in it.
package struct ClusterFailure: Error, Sendable, Hashable {
    package let reason: Reason
    package let detail: String

    package init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }

    init(_ fault: RESPFault) {
        self.init(.clusterMalformed, "a reply is \(fault.words)")
    }

    /// An error that the server sent.
    init(reply: String) {
        let code = reply.prefix { $0 != " " }
        let reason: Reason =
            switch code {
            case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN": .clusterSharded
            case "WRONGPASS", "NOAUTH", "NOPERM": .clusterLoginRefused
            case "NOPROTO": .clusterMalformed
            default: .clusterCommandRefused
            }
        let shown = reply.unicodeScalars.prefix(200).filter { $0.value >= 0x20 && $0.value != 0x7F }
        self.init(reason, String(shown.map(Character.init)))
    }
}

extension RESPFault {
    var words: String {
        switch self {
        case .malformed: "malformed"
        case .tooLong: "too long"
        case .tooDeep: "nested too deeply"
        case .tooMany: "made of too many values"
        }
    }
}
