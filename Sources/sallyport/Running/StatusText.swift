import SallyportPKI
import SallyportProxy
import SallyportTelemetry

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
        rows.append(("requests", "\(status.requests)\(Self.rates(status.requestRates))"))
        rows += status.routes.prefix(8).map { ("route", Self.route($0)) }
        rows.append(("handshakes", "\(status.handshakes) accepted, \(status.refusedHandshakes) refused"))
        for refused in status.edge.refused.prefix(8) {
            rows.append(("turned away", "\(refused.count)  \(refused.code) \(refused.title)"))
        }
        rows += Self.bans(status.edge.bans)
        for upstream in status.upstreams { rows += Self.upstream(upstream) }
        rows += Self.limits(status)
        rows += Self.callers(status.callers)
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
        rows += status.lifetimes.filter { !$0.renewsItself }.map { ("expiry", Self.expiry($0)) }
        rows += Self.revocation(status.revocation)
        for certificate in status.acme { rows += Self.acme(certificate) }
        for risk in status.acceptedRisks {
            rows.append(("accepted risk", "\(risk.path): \(risk.what), because \"\(risk.because)\""))
        }
        description = Self.aligned(rows)
    }

    /// `  ▁▁▃█  12/s, 40/s at most`
    private static func rates(_ rates: [Int]) -> String {
        guard let last = rates.last, let most = rates.max() else { return "" }
        return "  \(Sparkline.text(rates))  \(last)/s, \(most)/s at most"
    }

    /// `orders  1200 requests, 3 client errors, 1 server error, half within 2 ms`
    private static func route(_ route: GatewayStatus.RouteLoad) -> String {
        let name = route.name.isEmpty ? "(no route)" : route.name
        let errors = "\(route.clientErrors) client errors, \(route.serverErrors) server errors"
        let half = DurationBuckets.quantile(0.5, of: route.durations.map { UInt64($0) })
        return "\(name)  \(route.requests) requests, \(errors)" + (half.map { ", half within \(milliseconds($0))" } ?? "")
    }

    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        let tenths = nanoseconds / 100_000
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) ms" : "\(tenths / 10) ms"
    }

    /// What limits count, and with whom.
    private static func limits(_ status: GatewayStatus) -> [(String, String)] {
        let cluster = status.cluster.map { cluster in
            let trouble = "NOT IN USE: \(cluster.failure ?? "connecting")"
            let state = cluster.reachable ? "\(cluster.gateways) gateways" : trouble
            return [("cluster", "\(cluster.server)  \(state)")]
        }
        return (cluster ?? [])
            + status.limits.map { limit in
                let refused = limit.shadow ? "would have refused" : "refused"
                let lost = limit.forgotten > 0 ? ", \(limit.forgotten) callers FORGOTTEN for want of memory" : ""
                return ("limit", "\(limit.policy) \(limit.name)  \(limit.rule)  \(refused) \(limit.refused)\(lost)")
            }
    }

    /// Issuers, and API keys where there are any or something is wrong with them.
    private static func callers(_ callers: GatewayStatus.Callers) -> [(String, String)] {
        let issuers = callers.issuers.map { issuer in
            let problem = issuer.problem.map { "  PROBLEM \($0)" } ?? ""
            return ("issuer", "\(issuer.issuer)  \(issuer.keys) \(issuer.keys == 1 ? "key" : "keys")\(problem)")
        }
        let keys = callers.apiKeys
        if let problem = keys.problem {
            let effect = keys.count.map { "\($0) read before stay good" } ?? "EVERY KEY IS REFUSED"
            return issuers + [("API keys", "\(effect)  PROBLEM SP1342 \(problem)")]
        }
        return issuers + (keys.count.map { $0 > 0 ? [("API keys", "\($0)")] : [] } ?? [])
    }

    private static func bans(_ bans: GatewayStatus.Bans) -> [(String, String)] {
        let sum = bans.manual + bans.automatic
        return sum == 0 ? [] : [("bans", "\(sum) in force, \(bans.automatic) of them automatic")]
    }

    /// `orders  leastRequests  3 of 4096 under way` and a line for each target.
    private static func upstream(_ upstream: UpstreamStatus) -> [(String, String)] {
        let waiting = upstream.pending > 0 ? ", \(upstream.pending) waiting" : ""
        let shed = upstream.shed > 0 ? ", \(upstream.shed) turned away" : ""
        let full = upstream.circuitOpen ? "  FULL" : ""
        let load = "\(upstream.requestsUnderWay) of \(upstream.maxRequests) under way"
        let head = ("upstream", "\(upstream.name)  \(upstream.balance)  \(load)\(waiting)\(shed)\(full)")
        return [head] + upstream.targets.map { ("", target($0)) }
    }

    private static func target(_ target: UpstreamStatus.Target) -> String {
        let state =
            switch target.state {
            case "ejected": "EJECTED for \(target.ejectedSeconds) s"
            case "down": "DOWN"
            default: target.state
            }
        let address = target.address.isEmpty || target.url.contains(target.address) ? "" : " (\(target.address))"
        let labels = target.labels.isEmpty ? "" : "  \(target.labels.joined(separator: ", "))"
        return "\(target.url)\(address)\(labels)  \(state)  \(target.requestsUnderWay) under way"
    }

    /// `trust clients  CN=Old Root  EXPIRED 3 days ago  pki/clients.pem`
    private static func expiry(_ lifetime: LifetimeStatus) -> String {
        let place = lifetime.source == CertificateLifetime.builtin ? "" : "  \(lifetime.source)"
        return "\(lifetime.use) \(lifetime.name)  \(lifetime.subject)  \(left(lifetime))\(place)"
    }

    private static func left(_ lifetime: LifetimeStatus) -> String {
        if lifetime.daysLeft < 0 { return "EXPIRED \(-lifetime.daysLeft) days ago" }
        let words = "\(lifetime.daysLeft) days left, \(Int((lifetime.share * 100).rounded())) % of its life"
        return lifetime.share < 0.1 ? "ends soon: \(words)" : words
    }

    private static func revocation(_ revocation: RevocationStatus) -> [(String, String)] {
        var rows: [(String, String)] = []
        for source in revocation.sources {
            for list in source.lists {
                let until = LocalTime.minute(list.nextUpdate)
                rows.append(
                    ("revocation", "\(source.authority)  \(list.title)  \(list.entries) entries  until \(until)"))
            }
            if source.lists.isEmpty { rows.append(("revocation", "\(source.authority)  \(source.location)  no list yet")) }
            if let problem = source.problem {
                rows.append(("revocation", "\(source.authority)  \(source.location)  PROBLEM \(problem)"))
            }
        }
        if revocation.denied > 0 { rows.append(("denied", "\(revocation.denied) on the deny list")) }
        return rows
    }

    private static func acme(_ certificate: ACMEStatus) -> [(String, String)] {
        let until = certificate.notAfter.map { " until \(LocalTime.minute($0))" } ?? ""
        let next = certificate.nextAttempt.flatMap { $0 > 0 ? ", next order \(LocalTime.minute($0))" : nil } ?? ""
        let names = certificate.names.joined(separator: ", ")
        let row = ("acme", "\(names)  \(certificate.state)\(until)\(next)")
        return [row] + (certificate.lastError.map { [("", "last error: \($0)")] } ?? [])
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
