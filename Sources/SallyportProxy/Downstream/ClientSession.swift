import Logging
import NIOCore
import SallyportAccess
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportPKI
import SallyportPolicy
import SallyportTLS
import SallyportTelemetry

/// What belongs to a client's connection whatever version of HTTP it speaks: who the client is, under which rules it
/// came in, and what logs and upstreams are told about it.
final class ClientSession {
    let loop: LoopState
    let listener: ListenerRuntime
    let established: EstablishedConnection
    let addresses: ClientAddresses
    /// The connection's place at the gate.
    let pass: EdgePass?
    private let peerAddress: String
    /// Where the connection comes from.
    var clientAddress: String { peerAddress }
    private let peerPort: UInt16
    let clientNumber: ClientAddress
    private(set) var identity: Identity?
    /// Which hosts may be asked for on this connection.
    private(set) var handshake: HandshakeHost
    private(set) var view: GenerationView
    /// Why nobody is served on this connection under the configuration at hand.
    private var refusal: LocalReply?
    /// Of its listener, under this view.
    private(set) var rules: ListenerRules?
    /// What upstreams are told about this connection; computed once.
    let forwarded: ForwardedFields
    /// The part of every log line that is the connection's.
    private(set) var accessConnection: AccessConnection
    /// Whom limits count that count by address.
    private(set) lazy var countedAddress = clientNumber.counted
    private(set) lazy var clientCertFields = identity.map(ForwardedFields.rfc9440) ?? []
    private(set) lazy var xfccFields = identity.map { ForwardedFields.xfcc($0) } ?? []

    /// - Parameter view: the configuration that the handshake was made under.
    init(
        loop: LoopState, listener: ListenerRuntime, established: EstablishedConnection,
        addresses: ClientAddresses, view: GenerationView, pass: EdgePass? = nil
    ) {
        self.addresses = addresses
        self.pass = pass
        self.loop = loop
        self.listener = listener
        self.established = established
        identity = established.identity
        handshake = HandshakeHost(
            serverName: established.sni, policy: established.policy, certificate: established.certificate)
        self.view = view
        rules = view.rules(of: listener.name)
        peerAddress = addresses.client?.plainIPAddress ?? "unknown"
        peerPort = UInt16(clamping: addresses.client?.port ?? 0)
        clientNumber = ClientAddress(bytes: addresses.client?.ipBytes ?? [])
        forwarded = ForwardedFields(client: peerAddress, port: UInt16(clamping: addresses.local?.port ?? 0))
        accessConnection = Self.describe(listener, peerAddress, peerPort, established, identity)
    }

    private static func describe(
        _ listener: ListenerRuntime, _ address: String, _ port: UInt16, _ established: EstablishedConnection,
        _ identity: Identity?
    ) -> AccessConnection {
        AccessConnection(
            listener: listener.name, peerAddress: address, peerPort: port, sni: established.sni,
            tls: AccessTLS(established.tls), identity: identity, ja3: established.fingerprint?.ja3,
            ja4: established.fingerprint?.ja4,
            version: established.tls.alpn == ListenerProtocol.http2.applicationProtocol ? "2" : "1.1")
    }

    /// What conditions can ask about the handshake.
    private(set) lazy var facts = SessionFacts(
        version: established.tls.version.rawValue, cipher: established.tls.cipherSuite, group: established.tls.group,
        resumed: established.tls.resumed, serverName: established.sni, ja3: established.fingerprint?.ja3,
        ja4: established.fingerprint?.ja4)

    // MARK: configuration

    /// Takes the newest configuration for the exchange that begins. A connection from before has its certificate
    /// looked at again under the new trust, revocations and names.
    func adoptGeneration() -> LocalReply? {
        pass?.requestCame(on: loop)
        if view !== loop.current {
            view = loop.current
            rules = view.rules(of: listener.name)
            refusal = judge()
            pass?.renamed()
        }
        return ban().map { LocalReply($0) } ?? refusal
    }

    private func judge() -> LocalReply? {
        // A listener that is gone, or a name that has no rules any more.
        guard let listenerTLS = view.generation.tls[listener.name],
            let tls = listenerTLS.policy(serverName: established.sni)?.context
        else {
            identity = nil
            return LocalReply(.identityNoLongerValid)
        }
        handshake = handshake.under(listenerTLS.plan)
        guard let identity else { return tls.mode == .require ? LocalReply(.identityRequired) : nil }
        switch tls.reauthorize(identity, at: loop.wallClockSeconds()) {
        case .success(let renewed):
            self.identity = renewed
            accessConnection = Self.describe(listener, peerAddress, peerPort, established, renewed)
            return nil
        case .failure(let refusal):
            self.identity = nil
            report(refusal, of: identity, "certificate of an open connection refused")
            return LocalReply(.identityNoLongerValid)
        }
    }

    // MARK: bans

    /// Why the client is not served any more.
    func ban() -> Reason? { pass?.refusal(of: identity)?.reason }

    /// Why nobody of these names is served; they were proved by a request.
    func ban(of names: [String]) -> Reason? { pass?.refusal(ofNames: names)?.reason }

    /// The client was refused, and not by an upstream.
    func refused(_ reason: Reason) { pass?.offended(by: reason) }

    // MARK: revocation

    /// Why the connection has to be cut, also in the middle of a message: its certificate has been revoked since.
    func recheckIdentity() -> Reason? {
        guard let identity, let tls = newestContext,
            case .failure(let refusal) = tls.reauthorize(identity, at: loop.wallClockSeconds()), refusal.isWithdrawal
        else { return nil }
        self.identity = nil
        report(refusal, of: identity, "open connection cut")
        return refusal.reason
    }

    /// The rules for this connection; those that it began under when its listener or name has none any more.
    private var newestContext: ServerTLSContext? {
        let newest = loop.current.generation.tls[listener.name]?.policy(serverName: established.sni)
        return (newest ?? view.generation.tls[listener.name]?.policy(serverName: established.sni))?.context
    }

    private func report(_ refusal: ChainRefusal, of identity: Identity, _ message: Logger.Message) {
        loop.logger.warning(
            message,
            metadata: [
                "code": "\(refusal.reason.name)", "detail": "\(refusal.detail)", "listener": "\(listener.name)",
                "subject": "\(identity.certificate.subject)", "serial": "\(identity.certificate.serial)",
                "generation": "\(view.generation.number)",
            ])
    }

    // MARK: refusals

    /// The refusal of a request whose route is not known: it bears what the baseline puts on every response.
    func refusal(_ reason: Reason) -> LocalReply {
        LocalReply(reason, fields: rules?.baseline.response.fields ?? [])
    }

    // MARK: log

    /// The line about a request that never became an exchange: its head could not be read.
    func logRefusal(_ reason: Reason, id: RequestID, responseBytes: Int) {
        refused(reason)
        loop.metrics.unrouted.ended(
            RequestOutcome(
                method: .other, status: reason.status ?? 400, reason: reason,
                isHTTP2: established.tls.alpn == ListenerProtocol.http2.applicationProtocol),
            nanoseconds: 0, exemplar: nil)
        view.generation.audit?.note(
            unreadable: reason, of: Caller(identity), request: id.description, address: clientAddress)
        let entry = AccessRecord(
            time: UnixTime.nanoseconds(), connection: accessConnection, status: reason.status ?? 400, reason: reason,
            responseBytes: UInt64(responseBytes), id: id, generation: view.generation.number)
        view.generation.accessLog.logger.record(entry, loop: loop.index)
    }
}

extension AccessTLS {
    init(_ facts: TLSFacts) {
        self.init(
            version: facts.version.rawValue, cipherSuite: facts.cipherSuite, group: facts.group, resumed: facts.resumed)
    }
}
