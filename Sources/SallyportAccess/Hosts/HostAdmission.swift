import SallyportConfig
import SallyportModel

/// Whether a request for this host may be served on a connection; the refusal if not (RFC 9110 §7.4 and §15.5.20).
///
/// The client was let in under the rules of the name that it gave in the handshake. A request for a host under other
/// rules would go round those, whatever route it takes: by a Host field, an absolute target, or `:authority` of HTTP/2.
/// So the rules have to be the same ones. A host that is not the server name must also be on the certificate that was
/// shown: without that no client has reason to believe that it is here (RFC 9113 §9.1.1).
///
/// A client that gave no server name has no name to hold it to; the rules still have to be the same.
///
/// - Parameter host: Of the request: lower-case, without port and trailing dot; an IPv6 address in brackets.
package func misdirection(of host: String, on handshake: HandshakeHost, plan: ListenerTLSPlan) -> LocalReply? {
    guard let policy = handshake.policy, plan.policy(host: host) == policy else { return LocalReply(.wrongHost) }
    guard let serverName = handshake.serverName, serverName != host else { return nil }
    return handshake.certificate.cover(host) ? nil : LocalReply(.wrongHost)
}
