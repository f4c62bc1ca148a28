import Glibc
import Logging
import NIOCore
import SallyportConfig
import SallyportEdge
import SallyportModel
import SallyportTLS

/// Somebody who was let through the door, before anything is known but an address.
struct Entrant {
    let addresses: ClientAddresses
    let pass: EdgePass
    /// Of the handshake, with all that comes before it.
    let deadline: NIODeadline

    /// From the first byte that could come until now.
    var nanoseconds: UInt64 { UInt64(max(0, (.now() - (deadline - Timeouts.handshake)).nanoseconds)) }
    var timeLeft: TimeAmount { max(.milliseconds(1), deadline - .now()) }
}

// Who may come in at all, before the first byte; and for whom a load balancer speaks.
extension ConnectionGate {
    /// - Parameter handler: makes what is to stand on the connection of somebody who is let in.
    func door(
        _ channel: any Channel, listener: ListenerRuntime, loop: LoopState,
        handler: @escaping (Entrant) -> any ChannelHandler
    ) throws {
        let isAdmin = listener.isForOperators
        let peer = channel.remoteAddress
        let trust = loop.current.generation.proxyTrust[listener.name]
        let speaksForOthers = trust?.trusts(peer) ?? false
        if let trust, !speaksForOthers, trust.others == .refuse {
            loop.edge.count(.untrustedPeer, isAdmin: false)
            return Self.reset(channel)
        }
        switch loop.edge.admit(speaksForOthers ? nil : peer, isAdmin: isAdmin) {
        case .failure: Self.reset(channel)
        case .success(let pass):
            channel.closeFuture.assumeIsolated().whenComplete { _ in pass.leave(loop) }
            let deadline = NIODeadline.now() + Timeouts.handshake
            let first =
                speaksForOthers
                ? proxied(channel, listener: listener, loop: loop, pass: pass, deadline: deadline, handler: handler)
                : handler(Entrant(addresses: ClientAddresses(channel), pass: pass, deadline: deadline))
            try channel.pipeline.syncOperations.addHandler(first)
        }
    }

    private func proxied(
        _ channel: any Channel, listener: ListenerRuntime, loop: LoopState, pass: EdgePass, deadline: NIODeadline,
        handler: @escaping (Entrant) -> any ChannelHandler
    ) -> ProxyHeaderHandler {
        let ticket = loop.handshakeBegins(channel)
        return ProxyHeaderHandler(
            deadline: deadline,
            next: { header in
                let addresses = ClientAddresses(header, on: channel)
                if header.addresses != nil, let client = addresses.client, let refusal = pass.readdress(to: client) {
                    throw refusal
                }
                return handler(Entrant(addresses: addresses, pass: pass, deadline: deadline))
            },
            ended: { ending in
                let isExpected = loop.handshakeEnds(ticket)
                guard case .refused(let fault?) = ending, isExpected else { return }
                loop.counters.refusedHandshakes.add(1, ordering: .relaxed)
                loop.metrics.listener(named: listener.name).ended(refusal: fault.reason, nanoseconds: 0)
                logger.warning(
                    "PROXY header refused",
                    metadata: [
                        "code": "\(fault.reason.name)", "reason": "\(fault.reason.title)", "detail": "\(fault.detail)",
                        "listener": "\(listener.name)", "peer": "\(PeerText.text(of: channel.remoteAddress))",
                        "fix": "\(fault.reason.fix)",
                    ])
            })
    }

    /// Without the farewell of TCP, which would leave the gateway with a record of each connection for a minute.
    private static func reset(_ channel: any Channel) {
        guard let options = channel as? any SocketOptionProvider else { return channel.close(promise: nil) }
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in channel.close(promise: nil) }
    }
}

extension ProxyTrust {
    func trusts(_ peer: SocketAddress?) -> Bool {
        guard let bytes = peer?.ipBytes else { return false }
        return networks.contains { $0.contains(bytes) }
    }
}

extension Reason {
    /// Refused in sums, not one by one.
    var isOfTheGate: Bool {
        [
            .addressHandshakeRate, .handshakeRate, .identityConnectionLimit, .addressTableFull, .addressBanned,
            .identityBanned,
        ].contains(self)
    }
}
