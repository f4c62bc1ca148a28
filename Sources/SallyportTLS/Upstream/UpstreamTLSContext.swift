import SallyportConfig
import SallyportModel
import SallyportPKI

/// Everything needed to shake hands with the targets of an upstream. Immutable, one per upstream and generation.
///
/// The chain is judged by `ChainVerifier` as strictly as that of a client. Build it off the event loops.
package final class UpstreamTLSContext: Sendable {
    private let library: TLSContext
    private let anchors: [TrustAnchor]
    private let profile: CertificateProfile
    private let credential: TLSCredential?
    private let rules: UpstreamTLS
    private let source: String
    private let clock: @Sendable () -> Int64

    /// Intermediates between an upstream's certificate and its anchor.
    private static let maxDepth = 5

    /// - Parameters:
    ///   - trust: anchors that the upstream's certificate must lead to.
    ///   - isPublic: the anchors are those of the operating system, whose authorities promise more.
    ///   - credential: what to present when the upstream asks for a client certificate.
    ///   - source: what to call this in errors: the upstream's name.
    package init(
        _ settings: UpstreamTLS, trust: [TrustAnchor], isPublic: Bool, credential: CredentialPair?, source: String,
        clock: @escaping @Sendable () -> Int64 = UnixTime.seconds
    ) throws(PKIError) {
        guard !trust.isEmpty else {
            throw PKIError(.trustMissing, source, "no authority is trusted")
        }
        let tls = TLSSettings(minimum: .tls12)
        library = try TLSContext(tls, side: .client, source: source)
        anchors = trust
        profile = isPublic ? .publicAuthority : .privateAuthority
        self.credential =
            if let credential {
                try TLSCredential(credential, algorithms: tls.signatureAlgorithms, source: source)
            } else { nil }
        rules = settings
        self.source = source
        self.clock = clock
    }

    /// A handler for one connection to this target, first on its channel. The upstream's certificate must bear the
    /// configured name, else the target's host; an address is looked for among the certificate's addresses and is
    /// never sent as a server name.
    ///
    /// - Parameters:
    ///   - protocols: offered by ALPN, most wanted first; an answer that is none of them fails the handshake.
    ///   - done: called once, unless the transport fails first.
    package func makeHandler(
        target: UpstreamTarget, protocols: [String] = ["http/1.1"],
        done: @escaping (Result<UpstreamPeer, UpstreamTLSFailure>) -> Void
    ) throws(PKIError) -> TLSConnectHandler {
        let text = rules.name ?? target.host
        guard let serverName = ServerName(text) else {
            throw PKIError(.upstreamNameMismatch, source, "\(text) is neither a DNS name nor an address")
        }
        let isKnownByURI = rules.uri != nil && rules.name == nil
        let verifier = ChainVerifier(
            anchors: anchors, purpose: isKnownByURI ? .service : .server(serverName), maxDepth: Self.maxDepth,
            profile: profile)
        let verdict = UpstreamVerdict(verifier, rules: rules, clock: clock)
        let sent: String? = if case .dns(let name) = serverName.kind { name } else { nil }
        guard let engine = TLSEngine(client: library, serverName: sent, credential: credential, protocols: protocols,
            judge: verdict.judge)
        else {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLErrors.text())
        }
        return TLSConnectHandler(engine, verdict: verdict, done: done)
    }
}

/// What a completed handshake proved about a server.
package struct UpstreamPeer: Sendable {
    package let chain: VerifiedChain
    package let tls: TLSFacts
}

/// Judges the chain of one server and remembers how, since the TLS library knows only yes and no.
final class UpstreamVerdict {
    private let verifier: ChainVerifier
    private let rules: UpstreamTLS
    private let clock: @Sendable () -> Int64
    private(set) var result: Result<VerifiedChain, ChainRefusal>?

    init(_ verifier: ChainVerifier, rules: UpstreamTLS, clock: @escaping @Sendable () -> Int64) {
        self.verifier = verifier
        self.rules = rules
        self.clock = clock
    }

    func judge(_ chain: [[UInt8]]) -> Bool {
        let result = verifier.verify(chain: chain, at: clock()).flatMap(checkURI).flatMap(checkPin)
        self.result = result
        if case .success = result { return true }
        return false
    }

    private func checkURI(_ chain: VerifiedChain) -> Result<VerifiedChain, ChainRefusal> {
        guard let wanted = rules.uri else { return .success(chain) }
        if chain.facts.uris.contains(where: { IdentityRules.uri($0, matches: wanted) }) { return .success(chain) }
        let found = chain.facts.uris.isEmpty ? "none" : chain.facts.uris.joined(separator: ", ")
        return .failure(
            ChainRefusal(
                .certificateNameMismatch, "the URI \(wanted) is asked for, the certificate has \(found)",
                subject: chain.facts.subject, issuer: chain.facts.issuer, serial: chain.facts.serial))
    }

    private func checkPin(_ chain: VerifiedChain) -> Result<VerifiedChain, ChainRefusal> {
        if rules.pins.isEmpty { return .success(chain) }
        let key = KeyFingerprint.sha256(certificate: chain.facts.der)
        if let key, rules.pins.contains(key) { return .success(chain) }
        let found = key.map { $0.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
        return .failure(
            ChainRefusal(
                .certificateKeyForbidden, "the public key (SHA-256 \(found ?? "unreadable")) is none of `pins`",
                subject: chain.facts.subject, issuer: chain.facts.issuer, serial: chain.facts.serial))
    }
}
