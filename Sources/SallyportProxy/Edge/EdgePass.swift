import NIOCore
import SallyportEdge
import SallyportModel

/// A connection's place among those that are counted. It belongs to the connection's loop and ends with `leave`.
final class EdgePass {
    private let edge: EdgeState
    private let isAdmin: Bool
    private var admission: AcceptGate.Admission?
    private var identity: String?
    /// The client's own; nil where it is not known yet.
    private var address: AddressNetwork?
    /// Whom refusals are held against once the handshake has told; what was known of bans when they were looked up last.
    private var name: BanSubject?
    private var bansSeen = -1
    private var ban: GateRefusal?
    /// While no request has come.
    private var firstRequest: BoundedWait<any SweptConnection>.Ticket?

    init(
        edge: EdgeState, isAdmin: Bool, admission: AcceptGate.Admission, address: AddressNetwork?
    ) {
        self.address = address
        self.edge = edge
        self.isAdmin = isAdmin
        self.admission = admission
    }

    /// Counts the connection for the client that a load balancer speaks for.
    func readdress(to address: SocketAddress) -> GateRefusal? {
        guard let old = admission.take() else { return nil }
        switch edge.readmit(old, as: address, isAdmin: isAdmin) {
        case .success(let new):
            admission = new
            self.address = address.network
            return nil
        case .failure(let refusal): return refusal
        }
    }

    /// Asked once the ClientHello is there.
    func beginHandshake() -> Reason? {
        guard let admission else { return nil }
        let refusal = edge.withGate(isAdmin) { $0.beginHandshake(admission, at: EdgeState.now()) }
        if let refusal { edge.count(refusal, isAdmin: isAdmin) }
        return refusal?.reason
    }

    /// The handshake was good, and this is who it is. Not nil when that client is banned or has too many connections.
    func established(_ client: Identity?) -> Reason? {
        guard let admission else { return nil }
        if let banned = refusal(of: client) {
            edge.count(banned, isAdmin: isAdmin)
            return banned.reason
        }
        let name = client?.client
        self.name = client.flatMap { BanSubject(identity: $0.certificateName) }
        let isTaken = edge.withGate(isAdmin) { gate in
            gate.handshakeSucceeded(admission, at: EdgeState.now())
            return admission.isExempt || name.map { gate.identify($0) } ?? true
        }
        guard isTaken else {
            edge.count(.identityConnections, isAdmin: isAdmin)
            return GateRefusal.identityConnections.reason
        }
        if !admission.isExempt { identity = name }
        return nil
    }

    // MARK: bans

    /// Why this client is not served any more. Looked up only when a ban has come since, and while one holds.
    func refusal(of client: Identity?) -> GateRefusal? {
        let version = edge.bans.version
        guard !isAdmin, version != bansSeen || ban != nil else { return nil }
        bansSeen = version
        ban = edge.bans.refusal(of: address, names: client?.bannableNames ?? [])
        return ban
    }

    /// The client may have other names now, under which it may be banned.
    func renamed() { bansSeen = -1 }

    /// The same for names that a request has proved beside the handshake.
    func refusal(ofNames names: [String]) -> GateRefusal? {
        isAdmin || names.isEmpty ? nil : edge.bans.refusal(of: nil, names: names)
    }

    /// The client was refused; whoever is exempt may be so as often as it likes.
    func offended(by reason: Reason) {
        guard !isAdmin, let admission, !admission.isExempt else { return }
        edge.bans.offended(name ?? address.map { .network($0.ofOneClient) }, by: reason)
    }

    // MARK: life

    /// The head of a request is to come. Where too many connections wait for their first, the oldest is closed.
    func awaitRequest(_ connection: any SweptConnection, on loop: LoopState) {
        firstRequest = loop.firstRequestAwaited(by: connection)
    }

    func requestCame(on loop: LoopState) {
        if let ticket = firstRequest.take() { loop.firstRequestCame(ticket) }
    }

    /// The connection is closed.
    func leave(_ loop: LoopState) {
        requestCame(on: loop)
        edge.left()
        let name = identity.take()
        let admission = admission.take()
        edge.withGate(isAdmin) { gate in
            if let name { gate.forget(name) }
            if let admission { gate.leave(admission) }
        }
    }
}

extension Identity {
    /// Whatever a ban may call it.
    fileprivate var bannableNames: [String] { names + [certificateName] }

    /// Whose certificate it is. A name of `identities` may hold for many, and what one of them does is not the others'
    /// doing: offences count against this.
    fileprivate var certificateName: String {
        certificate.subject.isEmpty ? "serial \(certificate.serial) of \(authority)" : certificate.subject
    }
}

extension SocketAddress {
    /// The address alone.
    var network: AddressNetwork? { ipBytes.flatMap { AddressNetwork($0) } }

    /// 4 or 16 bytes in network order; nil for a unix socket.
    var ipBytes: [UInt8]? {
        switch self {
        case .v4(let address):
            var bytes = address.address.sin_addr
            return withUnsafeBytes(of: &bytes) { Array($0) }
        case .v6(let address):
            var bytes = address.address.sin6_addr
            return withUnsafeBytes(of: &bytes) { Array($0) }
        case .unixDomainSocket: return nil
        }
    }
}
