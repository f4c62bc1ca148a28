import SallyportConfig
import SallyportModel
import SallyportPolicy

/// The right to forward one request to the upstream of one route.
///
/// Only `authorize` makes one, and the upstream can be reached only with one: an exchange that skipped authorization
/// does not compile. It can't be copied; a retry of the same request on another connection borrows it.
package struct ForwardPermit: ~Copyable, Sendable {
    package let route: CompiledRoute

    fileprivate init(route: CompiledRoute) { self.route = route }
}

/// What authorization says: a permit, or the refusal.
package enum Authorization: ~Copyable, Sendable {
    case permitted(ForwardPermit)
    case refused(LocalReply)
}

/// Whether this caller may use this route, at this second (since 1970).
///
/// A certificate is checked against the clock again here because a connection can outlive it.
///
/// - Parameter circumstances: of the request, with this caller; asked for where a policy has a condition.
package func authorize(
    _ route: CompiledRoute, caller: Caller, at now: Int64, under circumstances: () -> Circumstances
) -> Authorization {
    if let certificate = caller.certificate, certificate.certificate.notAfter < now {
        return .refused(LocalReply(.certificateExpiredInUse))
    }
    if caller.certificate == nil, route.route.requiresCertificate {
        return .refused(LocalReply(.routeRequiresCertificate))
    }
    if let refusal = route.policy.missingProof(caller) ?? refusal(of: caller, by: route)
        ?? route.policy.refusal(under: circumstances)
    {
        return .refused(refusal)
    }
    return .permitted(ForwardPermit(route: route))
}

/// What `allow` says.
private func refusal(of caller: Caller, by route: CompiledRoute) -> LocalReply? {
    switch route.route.allow {
    case .anyone:
        return nil
    case .identities where caller.isAnonymous:
        return LocalReply(.identityRequired)
    case .identities:
        for name in caller.names where route.allowed.contains(name) {
            return nil
        }
        return LocalReply(.identityNotAllowed)
    }
}
