/// A configuration written out with everything that the file left to defaults, as it would stand in a file.
///
/// Secrets appear as references only. Order: as in the table of fields; names by the alphabet, lists as they are.
package enum EffectiveConfiguration {
    package static func json(_ configuration: Configuration) -> JSONValue {
        .members([
            "admin": configuration.admin.map(admin),
            "pki": .members([
                "authorities": byName(configuration.authorities, authority),
                "acme": configuration.acme.map(acme), "enrolment": configuration.enrolment.map(enrolment),
            ]),
            "tlsProfiles": byName(configuration.tlsProfiles, profile),
            "identities": .object(configuration.identities.map { .init($0.name, identity($0)) }),
            "groups": configuration.groups.groups.isEmpty
                ? nil : .object(configuration.groups.groups.map { .init($0.name, .strings($0.members)) }),
            "listeners": .object(configuration.listeners.map { .init($0.name, listener($0)) }),
            "upstreams": byName(configuration.upstreams, upstream),
            "policies": policies(configuration),
            "cluster": configuration.cluster.map(cluster),
            "limits": edge(configuration.edge),
            "routes": .object(configuration.routes.map { .init($0.name, route($0)) }),
            "observability": .members([
                "accessLog": accessLog(configuration.accessLog), "metrics": configuration.metrics.map(metrics),
                "otlp": configuration.tracing.map(tracing),
            ]),
            "audit": audit(configuration.audit),
            "shutdown": shutdown(configuration.shutdown),
            "acceptedRisks": .array(configuration.acceptedRisks.map(risk)),
        ])
    }

    private static func audit(_ settings: AuditSettings) -> JSONValue {
        .members([
            "keep": .strings(settings.keep.map(\.rawValue).sorted()), "strict": .strings(settings.strict.sorted()),
            "retain": settings.retain.map { .string(DurationText.text($0)) },
        ])
    }

    private static func byName<Value>(
        _ values: [String: Value], _ json: (Value) -> JSONValue
    ) -> JSONValue {
        .object(values.sorted { $0.key < $1.key }.map { .init($0.key, json($0.value)) })
    }

    private static func admin(_ admin: Admin) -> JSONValue {
        .members(["address": .string(admin.address.text), "admins": .strings(admin.admins)])
    }

    private static func authority(_ authority: Authority) -> JSONValue {
        switch authority.source {
        case .file(let path):
            .members([
                "file": .string(path),
                "crl": locations(authority.status.lists),
                "deltaCrl": locations(authority.status.deltas),
                "crlRefresh": authority.status.refresh.map { .string(DurationText.text($0)) },
                "crlMaxAge": authority.status.maximumAge.map { .string(DurationText.text($0)) },
                "ocsp": responder(authority.status.responder),
                "whenStatusUnknown": authority.status.isUnused
                    ? nil : .string(authority.status.whenUnknown.rawValue),
            ])
        case .builtin(let lifetime):
            .members(["builtin": .bool(true), "leafLifetime": .string(DurationText.text(lifetime))])
        }
    }

    private static func locations(_ locations: [AuthorityStatus.Location]) -> JSONValue? {
        locations.isEmpty ? nil : .strings(locations.map(\.text))
    }

    private static func responder(_ responder: AuthorityStatus.Responder) -> JSONValue? {
        switch responder {
        case .none: nil
        case .named: .bool(true)
        case .url(let url): .string(url)
        }
    }

    private static func profile(_ profile: TLSProfile) -> JSONValue {
        let clients = profile.clientCertificates
        return .members([
            "base": .string(profile.base.rawValue),
            "guideline": .string(profile.guideline.rawValue),
            "clientCertificates": .members([
                "mode": .string(clients.mode.rawValue),
                "trust": .strings(clients.trust),
                "maxDepth": .integer(clients.maxDepth),
                "resumption": .string(clients.resumption.rawValue),
            ]),
            "deny": denied(profile.deny),
        ])
    }

    private static func denied(_ fingerprints: DeniedFingerprints) -> JSONValue? {
        guard fingerprints != DeniedFingerprints() else { return nil }
        return .members(["ja4": .strings(fingerprints.ja4), "ja3": .strings(fingerprints.ja3)])
    }

    private static func identity(_ rule: IdentityRule) -> JSONValue {
        .members([
            "commonName": rule.commonName.map(JSONValue.string),
            "uri": rule.uri.map(JSONValue.string),
            "dns": rule.dns.map(JSONValue.string),
            "email": rule.email.map(JSONValue.string),
            "organization": rule.organization.map(JSONValue.string),
            "organizationalUnit": rule.organizationalUnit.map(JSONValue.string),
            "fingerprint": rule.fingerprint.map { .string(Hexadecimal.text($0)) },
            "issuer": rule.issuer.map(JSONValue.string),
            "token": rule.token.map(token),
            "apiKey": rule.apiKey.map(JSONValue.string),
        ])
    }

    private static func listener(_ listener: Listener) -> JSONValue {
        let address = JSONValue.string(listener.address.text)
        switch listener.kind {
        case .tls(let tls):
            return .members(["address": address, "tls": listenerTLS(tls), "proxyProtocol": listener.proxyProtocol.map(proxy)])
        case .redirectToHTTPS(let port):
            return .members([
                "address": address, "redirectToHTTPS": .integer(Int(port)),
                "proxyProtocol": listener.proxyProtocol.map(proxy),
            ])
        }
    }

    private static func proxy(_ trust: ProxyTrust) -> JSONValue {
        .members(["trust": .strings(trust.networks.map(\.text)), "others": .string(trust.others.rawValue)])
    }

    /// Absent while everything is as it comes.
    private static func edge(_ limits: EdgeLimits) -> JSONValue? {
        guard limits != EdgeLimits() else { return nil }
        return .members([
            "connections": limits.connections.map(JSONValue.integer), "requests": .integer(limits.requests),
            "handshakes": .string("\(limits.handshakes)/s"),
            "memory": limits.memory.map { .string(SizeText.text($0)) },
            "addresses": .members([
                "connections": .integer(limits.addresses.connections), "rate": .string("\(limits.addresses.rate)/s"),
                "burst": .integer(limits.addresses.burst), "handshakes": .string("\(limits.addresses.handshakes)/s"),
                "exempt": .strings(limits.addresses.exempt.map(\.text)),
            ]),
            "identities": .members(["connections": .integer(limits.identityConnections)]),
            "bans": limits.bans.map { bans in
                .members([
                    "after": .integer(bans.after), "within": .string(DurationText.text(bans.within)),
                    "for": .string(DurationText.text(bans.length)),
                ])
            },
        ])
    }

    private static func listenerTLS(_ tls: ListenerTLS) -> JSONValue {
        let first = certificate(tls.certificate)
        return .object(
            [.init("profile", .string(tls.profile))] + first + further(tls.furtherCertificates)
                + [
                    .init("withoutServerName", .string(tls.withoutServerName.rawValue)),
                    .init("protocols", .strings(tls.protocols.map(\.rawValue))),
                ]
                + (tls.hosts.isEmpty ? [] : [.init("hosts", .object(tls.hosts.map { .init($0.host.text, host($0)) }))]))
    }

    private static func host(_ host: TLSHost) -> JSONValue {
        .object([.init("profile", .string(host.profile))] + further(host.certificates))
    }

    private static func further(_ certificates: [ServerCertificate]) -> [JSONValue.Member] {
        certificates.isEmpty ? [] : [.init("certificates", .array(certificates.map { .object(certificate($0)) }))]
    }

    private static func certificate(_ certificate: ServerCertificate) -> [JSONValue.Member] {
        switch certificate {
        case .builtin(let names): [.init("names", .strings(names))]
        case .acme(let settings): [.init("acme", acme(settings))]
        case .files(let certificate, let key):
            [.init("certificate", .string(certificate)), .init("key", .string(key.text))]
        }
    }

    private static func acme(_ settings: ACMESettings) -> JSONValue {
        .members([
            "directory": .string(settings.directory), "email": settings.email.map(JSONValue.string),
            "names": .strings(settings.names), "challenge": .string(settings.challenge.rawValue),
            "externalAccount": settings.externalAccount.map {
                .members(["keyID": .string($0.keyID), "key": .string($0.key.text)])
            },
            "profile": settings.profile.map(JSONValue.string),
            "trust": settings.trust.isEmpty ? .string("system") : .strings(settings.trust),
            "agreeToTerms": settings.agreesToTerms ? .bool(true) : nil,
        ])
    }

    static func upstreamTLS(_ tls: UpstreamTLS) -> JSONValue {
        .members([
            "trust": tls.trust.isEmpty ? .string("system") : .strings(tls.trust),
            "name": tls.name.map(JSONValue.string),
            "uri": tls.uri.map(JSONValue.string),
            "pins": tls.pins.isEmpty ? nil : .strings(tls.pins.map { Hexadecimal.text($0) }),
            "present": tls.present.map {
                .members(["certificate": .string($0.certificate), "key": .string($0.key.text)])
            },
        ])
    }

    private static func upstream(_ upstream: Upstream) -> JSONValue {
        let members = balancing(upstream)
        return .members([
            "targets": targets(upstream.targets),
            "tls": upstreamTLS(upstream.tls),
            "protocol": .string(upstream.applicationProtocol.rawValue),
            "proxyProtocol": upstream.proxyProtocol.map { .string($0.rawValue) },
            "timeouts": .members([
                "connect": .string(DurationText.text(upstream.timeouts.connect)),
                "request": .string(DurationText.text(upstream.timeouts.request)),
                "idle": .string(DurationText.text(upstream.timeouts.idle)),
                "tunnel": .string(DurationText.text(upstream.timeouts.tunnel)),
                "attempt": upstream.timeouts.attempt.map { .string(DurationText.text($0)) },
                "total": upstream.timeouts.total.map { .string(DurationText.text($0)) },
            ]),
            "balance": members["balance"], "slowStart": members["slowStart"], "panicBelow": members["panicBelow"],
            "health": members["health"], "retries": members["retries"], "circuit": members["circuit"],
            "concurrency": members["concurrency"], "hedge": members["hedge"], "resolve": members["resolve"],
        ])
    }

    static func limits(_ limits: Limits, response: Int?) -> JSONValue {
        .members([
            "body": .string(SizeText.text(limits.body)),
            "headers": .string(SizeText.text(limits.headers)),
            "headerCount": .integer(limits.headerCount),
            "response": response.map { .string(SizeText.text($0)) },
        ])
    }

    private static func redirect(_ redirect: Redirect) -> JSONValue {
        .members([
            "to": .string(redirect.to), "status": .integer(Int(redirect.status)),
            "keepPath": redirect.keepsPath ? .bool(true) : nil,
        ])
    }

    private static func route(_ route: Route) -> JSONValue {
        let match = route.match
        return .members([
            "listener": route.listener.map(JSONValue.string),
            "match": .members([
                "host": .string(match.host.text),
                "path": .string(match.path.text),
                "methods": match.methods.isEmpty ? nil : .strings(match.methods),
                "headers": match.headers.isEmpty
                    ? nil : .object(match.headers.map { .init($0.name, .string($0.value)) }),
            ]),
            "allow": allow(route.allow),
            "clientCertificate": route.requiresCertificate ? .string("require") : nil,
            "forward": forward(route.forward),
            "policies": route.policies.isEmpty ? nil : .strings(route.policies),
            "compress": route.compress.isEmpty ? nil : .strings(route.compress.map(\.rawValue)),
            "to": route.upstream.map(JSONValue.string),
            "redirect": route.redirect.map(redirect),
            "split": split(route.split),
            "mirror": route.mirror.map {
                .members(["to": .string($0.upstream), "share": .string($0.share.text)])
            },
        ])
    }

    private static func allow(_ allow: Allow) -> JSONValue {
        switch allow {
        case .anyone: .string("anyone")
        case .identities(let names): .strings(names)
        }
    }

    private static func forward(_ forward: Forward) -> JSONValue? {
        if forward == Forward() { return nil }
        return .members([
            "stripPrefix": forward.stripPrefix.map(JSONValue.string),
            "addPrefix": forward.addPrefix.map(JSONValue.string),
            "clientCertificate": forward.clientCertificate.isEmpty
                ? nil : .strings(forward.clientCertificate.map(\.rawValue)),
        ])
    }

    private static func accessLog(_ log: AccessLog) -> JSONValue {
        .members(["to": .string(log.to.text), "format": .string(log.format.rawValue)])
    }

    private static func shutdown(_ shutdown: Shutdown) -> JSONValue {
        .members([
            "drain": .string(DurationText.text(shutdown.drain)), "delay": .string(DurationText.text(shutdown.delay)),
            "idle": .string(DurationText.text(shutdown.idle)),
        ])
    }

    private static func risk(_ risk: AcceptedRisk) -> JSONValue {
        .members(["path": .string(risk.path), "what": .string(risk.what), "because": .string(risk.because)])
    }
}
