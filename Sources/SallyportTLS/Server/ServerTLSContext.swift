import CNIOBoringSSL
import SallyportConfig
import SallyportModel
import SallyportPKI

/// Everything a listener needs to shake hands, for one generation of the configuration. Immutable.
///
/// Session tickets are bound to it: those of another listener or generation do not resume here. Build it off the
/// event loops; the TLS library allocates much in doing so.
package final class ServerTLSContext: Sendable {
    package let mode: ClientCertificates.Mode
    /// The earliest end of a server certificate's validity, seconds since 1970.
    package let notAfter: Int64
    /// Kinds of clients that are refused in the ClientHello.
    let denial: FingerprintDenial
    private let library: TLSContext
    private let certificates: [ServerCredential]
    private let awaited: CertificateNames
    private let clients: ClientTrust?
    /// What explanations compare a ClientHello with.
    let policy: HandshakePolicy
    private let verdicts = VerdictCache()
    private let clock: @Sendable () -> Int64

    /// - Parameters:
    ///   - credentials: the listener's certificate chains and keys, most wanted first; at least one, unless some
    ///     are awaited. Each client is shown the first that bears the name it asks for and that it can verify.
    ///   - awaited: names of certificates that are not there yet; clients that ask for them are refused.
    ///   - source: what to call the certificate in errors: its file, or the listener.
    ///   - clients: who is trusted to vouch for clients; needed unless the profile's mode is `none`.
    ///   - isServing: the credentials are in use already; that one has expired since does not keep a revocation from
    ///     being taken up.
    ///   - protocols: spoken here, most wanted first.
    ///   - clock: seconds since 1970.
    package init(
        profile: TLSProfile, credentials: [CredentialPair], awaited: [String] = [], source: String,
        clients: ClientTrust?, isServing: Bool = false, protocols: [ListenerProtocol] = [.http1], clock: @escaping @Sendable () -> Int64 = UnixTime.seconds
    ) throws(PKIError) {
        let now = isServing ? nil : clock()
        var settings = TLSSettings(profile)
        settings.protocols = protocols.map(\.applicationProtocol)
        var certificates: [ServerCredential] = []
        for pair in credentials {
            certificates.append(
                try ServerCredential(pair, algorithms: settings.signatureAlgorithms, source: source, at: now))
        }
        guard let notAfter = certificates.map(\.notAfter).min() ?? (awaited.isEmpty ? nil : .max) else {
            throw PKIError(.certificateFileEmpty, source, "there is no certificate")
        }
        self.certificates = certificates
        self.awaited = CertificateNames(awaited)
        self.notAfter = notAfter
        mode = profile.clientCertificates.mode
        denial = FingerprintDenial(profile.deny)
        self.clients = mode == .none ? nil : clients
        self.clock = clock
        guard mode == .none || clients?.anchors.isEmpty == false else {
            throw PKIError(.trustMissing, source, "the mode is \(mode.rawValue) and there is no trust anchor")
        }
        policy = HandshakePolicy(profile, settings, certificates: certificates.map(\.shown), clients: self.clients)
        let resumption = profile.clientCertificates.resumption == .reauthorize
        let wanted: TLSContext.PeerCertificate =
            switch mode {
            case .require: .required
            case .optional: .optional
            case .none: .unwanted
            }
        let authorities = Set(self.clients?.anchors.map(\.subjectDER) ?? []).sorted { $0.lexicographicallyPrecedes($1) }
        library = try TLSContext(
            settings, side: .server(wanted, resumption: resumption, authorities: authorities), source: source)
    }

    // MARK: Names

    /// Whether some certificate bears the name.
    func bears(_ name: String) -> Bool { certificates.contains { $0.names.cover(name) } }

    /// Whether there is no certificate to show, and there will be one. Without a name: no certificate at all.
    func awaitsCertificate(for name: String?) -> Bool {
        name.map { !bears($0) && awaited.cover($0) } ?? certificates.isEmpty
    }

    /// The names of the certificate that was shown; in a resumed session, of the one that would have been.
    func names(shownBy engine: TLSEngine, serverName: String?) -> CertificateNames {
        let shown = certificates.first { engine.hasShown($0.library) }
        let fitting = certificates.first { certificate in serverName.map(certificate.names.cover) ?? true }
        return (shown ?? fitting)?.names ?? CertificateNames([])
    }

    /// The certificate that was shown, for explanations; nil before one was.
    func shown(by engine: TLSEngine) -> ShownCertificate? {
        certificates.first { engine.hasShown($0.library) }?.shown
    }

    /// A connection that begins with this ClientHello.
    ///
    /// A session resumes under the server name it began with and no other, whatever the names have in common.
    func makeEngine(for hello: ClientHello, judge: @escaping ([[UInt8]]) -> Bool) -> TLSEngine? {
        let fitting = certificates.filter { hello.sni.map($0.names.cover) ?? true }
        return TLSEngine(
            server: library, credentials: fitting.map(\.library), sessionContext: Self.digest(hello.sni ?? ""),
            judge: judge)
    }

    /// SHA-256.
    private static func digest(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [UInt8](unsafeUninitializedCapacity: 32) { target, count in
            SHA256(bytes, bytes.count, target.baseAddress)
            count = 32
        }
    }

    // MARK: Clients

    /// The verdict on a chain presented in a full handshake. The proof of possession is not part of it.
    ///
    /// - Parameter chain: DER, leaf first.
    func verify(presented chain: [[UInt8]]) -> Result<Identity, ChainRefusal> {
        let now = clock()
        guard let leaf = chain.first else { return .failure(ChainRefusal(.noClientCertificate, "an empty chain")) }
        if let verdict = verdicts.verdict(leaf: leaf, at: now), verdict.presented[...] == chain.dropFirst() {
            return confirm(verdict, at: now)
        }
        return verifyAnew(chain, at: now)
    }

    /// The verdict on a certificate of which the chain was presented in an earlier connection.
    ///
    /// - Parameter leaf: DER.
    func verify(resumed leaf: [UInt8]) -> Result<Identity, ChainRefusal> {
        let now = clock()
        if let verdict = verdicts.verdict(leaf: leaf, at: now) { return confirm(verdict, at: now) }
        do throws(ChainRefusal) {
            let candidates = verdicts.intermediates(issuer: try ParsedCertificate(der: leaf).issuerDER)
            return verifyAnew(leaf, withOneOf: candidates, at: now)
        } catch {
            return .failure(error)
        }
    }

    /// One after the other, each under a budget of its own, so that many of them do not use up what one needs.
    ///
    /// - Parameter candidates: a few, the most promising first.
    private func verifyAnew(
        _ leaf: [UInt8], withOneOf candidates: [[[UInt8]]], at now: Int64
    ) -> Result<Identity, ChainRefusal> {
        let first = verifyAnew([leaf] + (candidates.first ?? []), at: now)
        guard case .failure = first else { return first }
        for intermediates in candidates.dropFirst() {
            let other = verifyAnew([leaf] + intermediates, at: now)
            if case .success = other { return other }
        }
        return first
    }

    /// Verifies the certificate of an open connection, perhaps of another generation, by the rules and revocations that
    /// hold now.
    ///
    /// - Parameter now: seconds since 1970.
    package func reauthorize(_ identity: Identity, at now: Int64) -> Result<Identity, ChainRefusal> {
        if let verdict = verdicts.verdict(leaf: identity.certificate.der, at: now) { return confirm(verdict, at: now) }
        return verifyAnew([identity.certificate.der] + identity.intermediates, at: now)
    }

    /// All that leads to the verdict on a presented chain; nil where client certificates are not asked for.
    ///
    /// - Parameter now: seconds since 1970.
    package func explain(presented chain: [[UInt8]], at now: Int64) -> VerdictTree? {
        clients?.verifier.explain(chain: chain, at: now).tree
    }

    /// The whole path is looked up in what is known of revocations now: an answer of a responder may have come in
    /// without a new view. The rest of the chain cannot have changed.
    private func confirm(_ verdict: VerdictCache.Verdict, at now: Int64) -> Result<Identity, ChainRefusal> {
        guard let clients else { return Self.unasked }
        do throws(ChainRefusal) {
            try clients.revocation.view.check(verdict.status, at: now)
            return .success(verdict.identity)
        } catch {
            let facts = verdict.identity.certificate
            return .failure(
                ChainRefusal(
                    error.reason, error.detail, subject: facts.subject, issuer: facts.issuer, serial: facts.serial))
        }
    }

    private func verifyAnew(_ chain: [[UInt8]], at now: Int64) -> Result<Identity, ChainRefusal> {
        guard let clients else { return Self.unasked }
        return clients.verifier.verify(chain: chain, at: now).map { verified in
            let identity = clients.rules.identity(for: verified)
            verdicts.insert(
                VerdictCache.Verdict(
                    identity: identity, presented: Array(chain.dropFirst()), validFrom: verified.validFrom,
                    validUntil: verified.validUntil, status: verified.status))
            return identity
        }
    }

    private static let unasked = Result<Identity, ChainRefusal>.failure(
        ChainRefusal(.resumedIdentityNotValid, "client certificates are not asked for any more"))
}

/// One certificate that a listener shows, with what it is good for.
struct ServerCredential: Sendable {
    let library: TLSCredential
    let names: CertificateNames
    let shown: ShownCertificate
    /// Seconds since 1970.
    let notAfter: Int64

    /// - Parameter now: Seconds since 1970; nil takes it whatever the time.
    /// - Throws: for a certificate out of its time.
    init(_ pair: CredentialPair, algorithms: [UInt16], source: String, at now: Int64?) throws(PKIError) {
        guard let leaf = pair.chain.first else {
            throw PKIError(.certificateFileEmpty, source, "there is no certificate")
        }
        let facts: CertificateFacts
        do { facts = try CertificateReader.facts(der: leaf.der) } catch {
            throw PKIError(.certificateFileUnusable, source, error.detail)
        }
        if let now, now < facts.notBefore {
            throw PKIError(.ownCertificateNotYetValid, source, "\(facts.subject) is valid from \(facts.notBefore) s on")
        }
        if let now, now > facts.notAfter {
            throw PKIError(.ownCertificateExpired, source, "\(facts.subject) ended at \(facts.notAfter) s")
        }
        library = try TLSCredential(pair, algorithms: algorithms, source: source)
        names = CertificateNames(facts)
        shown = ShownCertificate(leaf, names: facts.dnsNames + facts.addresses)
        notAfter = facts.notAfter
    }
}
