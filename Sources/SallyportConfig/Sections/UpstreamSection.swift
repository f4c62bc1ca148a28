import SallyportModel

struct UpstreamDraft: Sendable {
    var targets: [Located<UpstreamTarget>]
    var tls: Located<UpstreamTLSDraft>?
    var timeouts: UpstreamTimeouts
    var applicationProtocol: UpstreamProtocol
    var proxyProtocol: Located<ProxyVersion>?
    var balance: Balance
    var health: HealthSettings
    var retries: Retries
    var circuit: Circuit
    var concurrency: Concurrency
    var hedge: Hedge?
    var resolve: Duration
}

struct UpstreamTLSDraft: Sendable {
    var trust: [Located<String>]
    var name: String?
    var uri: String?
    var pins: [[UInt8]]
    var present: PresentedCertificate?
}

enum UpstreamSection {
    static let targets = Field(
        "targets", .list(of: .weightedTarget(), count: 1...256), required: true,
        "The servers, as URLs without path, or as mappings with more about each of them.",
        danger: "To an http target requests travel unencrypted, and nothing proves who answers.")
    static let tls = Field(
        "tls", UpstreamTLSSection.type, otherwise: "verified against the roots of the operating system",
        "How https targets are verified and what is shown to them.")
    static let applicationProtocol = DefaultedField(
        "protocol", .choice(noun: "protocol"), default: UpstreamProtocol.auto,
        """
        What is spoken. `auto`: what an https target chooses by ALPN, HTTP/2 first; HTTP/1.1 to http targets. `http1`: HTTP/1.1. \
        `http2`: HTTP/2 or nothing, to http targets by prior knowledge (h2c).
        """)
    static let proxyProtocol = Field(
        "proxyProtocol", .choice(noun: "version") as ValueType<ProxyVersion>, otherwise: "no header",
        """
        Begin each connection to a target with a PROXY header that says who the client is, in version `v1` or `v2`. \
        Connections then serve one request and are never shared; HTTP/1.1 is spoken.
        """,
        danger: "A target that does not expect the header takes it for a malformed request.")
    static let timeouts = Field(
        "timeouts", UpstreamTimeoutsSection.type, "How long to wait for a target.")
    static let balance = DefaultedField(
        "balance", .balanceMethod(), default: Balance().method,
        """
        Which target a request goes to: roundRobin is in turn, leastRequests the one with the fewest under way, random2 \
        the less busy of two that are drawn, hash always the same for the same key, which is the identity where nothing \
        else is said.
        """)
    static let slowStart = Field(
        "slowStart", .duration(.milliseconds(100)...(.seconds(3600))), otherwise: "a full share at once",
        "For how long a target that comes (back) into service gets less than its share, rising from a tenth.")
    static let panicBelow = DefaultedField(
        "panicBelow", .share(), default: Balance().panicBelow,
        "When fewer targets than this share are healthy, all of them are used whatever their health.",
        danger: "At 0% a health check that is wrong takes the whole service away.")
    static let health = Field(
        "health", HealthSection.type, "How targets that cannot serve are found and taken out of service.")
    static let retries = Field("retries", RetriesSection.type, "When a request is sent once more.")
    static let circuit = Field(
        "circuit", CircuitSection.type, "How much the targets are asked to bear at a time, and what happens beyond it.")
    static let concurrency = DefaultedField(
        "concurrency", .choice(noun: "kind of concurrency"), default: Concurrency.fixed,
        """
        With adaptive, each worker finds out from the times of answers how many requests the targets bear at a time, and \
        answers those beyond it 503 at once; with fixed, `circuit` alone bounds them.
        """)
    static let hedge = Field(
        "hedge", HedgeSection.type, otherwise: "one target is asked",
        "Asks a second target when the first is slow, and takes the first answer; for GET, HEAD and OPTIONS without content.")
    static let resolve = DefaultedField(
        "resolve", .duration(.seconds(1)...(.seconds(3600))), default: Duration.seconds(30),
        "How often names of targets are looked up again; every address is used, and the last good ones are kept on failure.")

    static let type = ValueType.record(
        "an upstream",
        [
            targets.row, tls.row, applicationProtocol.row, proxyProtocol.row, timeouts.row, balance.row, slowStart.row, panicBelow.row,
            health.row, retries.row,
            circuit.row, concurrency.row, hedge.row, resolve.row,
        ]
    ) { record in
        UpstreamDraft(
            targets: record[targets]?.value ?? [], tls: record[tls],
            timeouts: record[timeouts]?.value ?? UpstreamTimeouts(),
            applicationProtocol: record[applicationProtocol], proxyProtocol: record[proxyProtocol],
            balance: Balance(
                method: record[balance], slowStart: record[slowStart]?.value ?? .zero, panicBelow: record[panicBelow]),
            health: record[health]?.value ?? HealthSettings(), retries: record[retries]?.value ?? Retries(),
            circuit: record[circuit]?.value ?? Circuit(), concurrency: record[concurrency], hedge: record[hedge]?.value,
            resolve: record[resolve])
    }
}

enum UpstreamTLSSection {
    static let trust = Field(
        "trust", .list(of: .reference(to: "an authority"), count: 1...64),
        otherwise: "the roots of the operating system",
        "The authorities that a target's certificate may come from.")
    static let name = Field(
        "name", .serverName(), otherwise: "the host of the target",
        "The name that a target's certificate must bear; it is also sent as SNI.")
    static let uri = Field(
        "uri", .identityURI(), otherwise: "the name decides",
        """
        The URI that a target's certificate must bear, such as a SPIFFE ID; a host name is then asked for only if \
        `name` is given.
        """)
    private static let keyDigestCommand =
        "openssl x509 -in FILE -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum"
    static let pins = Field(
        "pins", .list(of: .fingerprint(command: keyDigestCommand), count: 1...16), otherwise: "any key that the authorities vouch for",
        "SHA-256 of the public keys that a target may have: one of these, besides everything else.",
        danger: "A target with a new key is not spoken to until its pin stands here.")
    static let present = Field(
        "present", PresentSection.type, otherwise: "no certificate", "The gateway's own client certificate.")

    static let type = ValueType.record("`tls` of an upstream", [trust.row, name.row, uri.row, pins.row, present.row]) { record in
        UpstreamTLSDraft(
            trust: record[trust]?.value ?? [], name: record[name]?.value, uri: record[uri]?.value,
            pins: record[pins]?.value.map(\.value) ?? [], present: record[present]?.value)
    }
}

enum PresentSection {
    static let certificate = Field(
        "certificate", .certificateFile("the path of a PEM file: the certificate, then its intermediates"),
        required: true, "The certificate to present.")
    static let key = Field("key", .privateKey(), required: true, "Its private key, as a reference.")

    static let type = ValueType.record("`present`", [certificate.row, key.row]) { record -> PresentedCertificate? in
        let (certificate, key) = (record[certificate], record[key])
        guard let certificate, let key else { return nil }
        return PresentedCertificate(certificate: certificate.value, key: key.value)
    }
}

enum UpstreamTimeoutsSection {
    private static let defaults = UpstreamTimeouts()
    private static let range: ClosedRange<Duration> = .milliseconds(10)...(.seconds(3600))
    static let connect = DefaultedField(
        "connect", .duration(range), default: defaults.connect, "For TCP and TLS together.")
    static let request = DefaultedField(
        "request", .duration(range), default: defaults.request,
        "From the last byte of the request to the head of the response.")
    static let idle = DefaultedField(
        "idle", .duration(range), default: defaults.idle,
        "Between two reads or writes that make progress, in either direction.",
        danger: "A long wait lets a stalled target hold connections.")
    static let tunnel = DefaultedField(
        "tunnel", .duration(range), default: defaults.tunnel,
        "The same for a WebSocket: without a byte from either side for so long, it ends.",
        danger: "A long silence holds two connections.")
    static let attempt = Field(
        "attempt", .duration(range), otherwise: "only `request` holds",
        "As `request`, for one attempt; when it passes, another target is asked if `retries.on` has timeout.")
    static let total = Field(
        "total", .duration(.milliseconds(10)...(.seconds(86_400))), otherwise: "no end",
        "From the head of the request to the end of the response, with all attempts and pauses.",
        danger: "It also ends downloads and streams that go well.")

    static let type = ValueType.record(
        "`timeouts`", [connect.row, request.row, idle.row, tunnel.row, attempt.row, total.row]
    ) { record in
        let timeouts = UpstreamTimeouts(
            connect: record[connect], request: record[request], idle: record[idle], tunnel: record[tunnel],
            attempt: record[attempt]?.value, total: record[total]?.value)
        if let attempt = record[attempt] { warn(of: attempt, "attempt", timeouts, record.session) }
        if let request = record.located(request), let total = timeouts.total, timeouts.request > total {
            warn(of: request, "request", endedBy: "total", total, record.session)
        }
        return timeouts
    }

    private static func warn(
        of attempt: Located<Duration>, _ name: String, _ timeouts: UpstreamTimeouts, _ session: LoadSession
    ) {
        if attempt.value > timeouts.request {
            warn(of: attempt, name, endedBy: "request", timeouts.request, session)
        } else if let total = timeouts.total, attempt.value > total {
            warn(of: attempt, name, endedBy: "total", total, session)
        }
    }

    /// A deadline behind one that ends the request anyway.
    private static func warn(
        of given: Located<Duration>, _ name: String, endedBy other: String, _ end: Duration, _ session: LoadSession
    ) {
        session.warn(
            .withoutEffect, "`\(name)` is longer than `\(other)`, which ends the request first", at: given.span,
            label: "`\(other)` is \(DurationText.text(end))", help: ["make `\(name)` shorter, or `\(other)` longer"],
            path: given.path)
    }
}

extension ValueType<String> {
    static func serverName() -> ValueType {
        let shape = ScalarShape(words: "a host name or an IP address", examples: ["orders.internal"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            if HostText.isName(text) || HostText.isAddress(text) { return text.lowercased() }
            throw ValueError(message: "\"\(text)\" is neither a host name nor an IP address")
        }
    }
}

extension ConfigurationCheck {
    func upstreams() -> [String: Upstream] {
        var upstreams: [String: Upstream] = [:]
        for entry in draft.upstreams ?? [] {
            guard let draft = entry.value else { continue }
            for target in draft.targets { warnOfPlaintext(target) }
            if let tls = draft.tls, !draft.targets.isEmpty, draft.targets.allSatisfy({ $0.value.scheme == .http }) {
                session.warn(
                    .withoutEffect, "`tls` has no effect on http targets", at: tls.span,
                    help: ["write https:// in `targets`"], path: tls.path)
            }
            upstreams[entry.name] = upstream(entry.name, draft)
        }
        return upstreams
    }

    private func upstream(_ name: String, _ draft: UpstreamDraft) -> Upstream {
        var upstream = Upstream(
            name: name, targets: draft.targets.map(\.value), tls: tls(draft.tls?.value), timeouts: draft.timeouts)
        upstream.applicationProtocol = draft.applicationProtocol
        upstream.balance = draft.balance
        upstream.health = draft.health
        upstream.retries = draft.retries
        upstream.circuit = draft.circuit
        upstream.concurrency = draft.concurrency
        upstream.hedge = draft.hedge
        upstream.resolve = draft.resolve
        upstream.proxyProtocol = draft.proxyProtocol?.value
        if let proxyProtocol = draft.proxyProtocol {
            // A header speaks for one client, and a connection of HTTP/2 would carry requests of several.
            if draft.applicationProtocol == .http2 {
                session.report(
                    .conflictingKeys, "`proxyProtocol` needs a connection for each client, and `protocol: http2` shares them",
                    at: proxyProtocol.span, help: ["remove `protocol`: HTTP/1.1 is spoken behind the header"],
                    path: proxyProtocol.path)
            }
            upstream.applicationProtocol = .http1
        }
        return upstream
    }

    private func tls(_ draft: UpstreamTLSDraft?) -> UpstreamTLS {
        guard let draft else { return UpstreamTLS() }
        return UpstreamTLS(trust: draft.trust.map { authority($0) }, name: draft.name, uri: draft.uri, pins: draft.pins,
            present: draft.present)
    }

    func warnOfPlaintext(_ target: Located<UpstreamTarget>) {
        guard target.value.scheme == .http, !HostText.isLoopback(target.value.host) else { return }
        session.warn(
            .plaintextUpstream, "requests to \(target.value.host) travel unencrypted", at: target.span,
            help: ["use https:// with `tls.trust`"], path: target.path)
    }
}
