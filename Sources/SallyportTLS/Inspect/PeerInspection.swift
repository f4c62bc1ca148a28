import SallyportModel
import SallyportPKI

/// What was seen of a TLS server, looked at as a client sees it. A value; `timeline` puts it into words.
package struct PeerInspection: Sendable {
    /// As given: `HOST:PORT`.
    package var target: String
    /// The name that the certificate has to bear.
    package var name: ServerName
    /// Addresses of the host in the order in which they are tried.
    package var addresses: [String] = []
    /// The address that took the connection.
    package var connectedTo: String?
    /// What was sent first, read back from the bytes.
    package var offered: ClientHello?
    package var agreed: TLSFacts?
    /// DER, leaf first; as presented.
    package var chain: [[UInt8]] = []
    package var verdict: InspectionVerdict?
    /// Names of the authorities that the server accepts clients from; nil when it asked for no certificate.
    package var requestedAuthorities: [String]?
    /// Subject of the certificate that was presented; nil when there was none to present.
    package var presented: String?
    /// Bytes of the stapled OCSP response; zero without one.
    package var stapledBytes = 0
    package var end = End.failed(InspectionFailure(.connection, "nothing was tried", fix: "try again"))
    /// Microseconds since the beginning.
    package var times: [InspectionStep: UInt32] = [:]

    package enum End: Sendable, Equatable {
        case finished
        case failed(InspectionFailure)
    }

    package init(target: String, name: ServerName) {
        self.target = target
        self.name = name
    }

    /// Whether the handshake was finished and the server is who it should be.
    package var isGood: Bool {
        guard end == .finished, case .success? = verdict?.result else { return false }
        return true
    }
}

package enum InspectionStep: String, Sendable, Hashable {
    case resolved, connected, offered, answered, chain, verified, ended
}

/// Why an inspection came to no end, in the operator's words.
package struct InspectionFailure: Error, Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        case name, connection, time, alert
        case protocolError = "protocol"
        case trust, local
    }

    package let kind: Kind
    /// What happened. Text from the peer in it is escaped.
    package let what: String
    /// What it means and how it comes about; empty when there is nothing to add.
    package let why: String
    package let fix: String

    package init(_ kind: Kind, _ what: String, why: String = "", fix: String) {
        self.kind = kind
        self.what = what
        self.why = why
        self.fix = fix
    }
}

/// The verdict on a server's chain with all that led to it.
package struct InspectionVerdict: Sendable {
    package let result: Result<VerifiedChain, ChainRefusal>
    package let tree: VerdictTree

    package init(result: Result<VerifiedChain, ChainRefusal>, tree: VerdictTree) {
        self.result = result
        self.tree = tree
    }
}
