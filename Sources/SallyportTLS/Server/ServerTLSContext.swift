import NIOSSL
import SallyportConfig
import SallyportModel
import SallyportPKI

/// Everything a listener needs to shake hands, for one generation of the configuration. Immutable.
///
/// Session tickets are bound to it: those of another listener or generation do not resume here. Build it off the
/// event loops; the TLS library allocates much in doing so.
package final class ServerTLSContext: Sendable {
    package let mode: ClientCertificates.Mode
    /// The end of the server certificate's validity, seconds since 1970.
    package let notAfter: Int64
    let library: NIOSSLContext
    let names: ServerNames
    private let clients: ClientTrust?
    private let verdicts = VerdictCache()
    private let clock: @Sendable () -> Int64

    /// - Parameters:
    ///   - credential: the listener's certificate chain and key.
    ///   - source: what to call the certificate in errors: its file, or the listener.
    ///   - clients: who is trusted to vouch for clients; needed unless the profile's mode is `none`.
    ///   - clock: seconds since 1970.
    package init(
        profile: TLSProfile, credential: CredentialPair, source: String, clients: ClientTrust?,
        clock: @escaping @Sendable () -> Int64 = UnixTime.seconds
    ) throws(PKIError) {
        let facts = try Self.usable(credential, source: source, at: clock())
        mode = profile.clientCertificates.mode
        notAfter = facts.notAfter
        names = ServerNames(facts.dnsNames)
        self.clients = mode == .none ? nil : clients
        self.clock = clock
        guard mode == .none || clients?.anchors.isEmpty == false else {
            throw PKIError(.trustMissing, source, "the mode is \(mode.rawValue) and there is no trust anchor")
        }
        library = try Self.library(profile: profile, credential: credential, clients: self.clients, source: source)
    }

    private static func usable(
        _ credential: CredentialPair, source: String, at now: Int64
    ) throws(PKIError) -> CertificateFacts {
        guard let leaf = credential.chain.first else {
            throw PKIError(.certificateFileEmpty, source, "there is no certificate")
        }
        let facts: CertificateFacts
        do { facts = try CertificateReader.facts(der: leaf.der) } catch {
            throw PKIError(.certificateFileUnusable, source, error.detail)
        }
        guard facts.notBefore <= now else {
            throw PKIError(.ownCertificateNotYetValid, source, "\(facts.subject) is valid from \(facts.notBefore) s on")
        }
        guard now <= facts.notAfter else {
            throw PKIError(.ownCertificateExpired, source, "\(facts.subject) ended at \(facts.notAfter) s")
        }
        return facts
    }

    private static func library(
        profile: TLSProfile, credential: CredentialPair, clients: ClientTrust?, source: String
    ) throws(PKIError) -> NIOSSLContext {
        let material = try credential.material(source: source)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: material.chain, privateKey: material.key)
        TLSSettings.apply(to: &configuration, minimum: profile.base == .intermediate ? .tlsv12 : .tlsv13)
        // The anchors go to the library for their names, which are sent to clients as a hint; it verifies nothing.
        configuration.trustRoots = .certificates(try TrustAnchor.certificates(clients?.anchors ?? [], source: source))
        configuration.sendCANameList = true
        configuration.certificateVerification =
            switch profile.clientCertificates.mode {
            case .require: .noHostnameVerification
            case .optional: .optionalVerification
            case .none: .none
            }
        return try NIOSSLContext.make(configuration, source: source)
    }

    /// The verdict on a chain presented in a full handshake. The proof of possession is not part of it.
    ///
    /// - Parameter chain: DER, leaf first.
    func verify(presented chain: [[UInt8]]) -> Result<Identity, ChainRefusal> {
        let now = clock()
        guard let leaf = chain.first else { return .failure(ChainRefusal(.noClientCertificate, "an empty chain")) }
        if let verdict = verdicts.verdict(leaf: leaf, at: now), verdict.presented[...] == chain.dropFirst() {
            return .success(verdict.identity)
        }
        return verifyAnew(chain, at: now)
    }

    /// The verdict on a certificate of which the chain was presented in an earlier connection.
    ///
    /// - Parameter leaf: DER.
    func verify(resumed leaf: [UInt8]) -> Result<Identity, ChainRefusal> {
        let now = clock()
        if let verdict = verdicts.verdict(leaf: leaf, at: now) { return .success(verdict.identity) }
        do {
            let facts = try CertificateReader.facts(der: leaf)
            return verifyAnew([leaf] + verdicts.intermediates(issuer: facts.issuer), at: now)
        } catch {
            return .failure(error)
        }
    }

    /// Verifies the certificate of a connection made under another generation by the rules of this one.
    ///
    /// - Parameter now: seconds since 1970.
    package func reauthorize(_ identity: Identity, at now: Int64) -> Result<Identity, ChainRefusal> {
        if let verdict = verdicts.verdict(leaf: identity.certificate.der, at: now) { return .success(verdict.identity) }
        return verifyAnew([identity.certificate.der] + identity.intermediates, at: now)
    }

    /// All that leads to the verdict on a presented chain; nil where client certificates are not asked for.
    ///
    /// - Parameter now: seconds since 1970.
    package func explain(presented chain: [[UInt8]], at now: Int64) -> VerdictTree? {
        clients?.verifier.explain(chain: chain, at: now).tree
    }

    private func verifyAnew(_ chain: [[UInt8]], at now: Int64) -> Result<Identity, ChainRefusal> {
        guard let clients else {
            return .failure(ChainRefusal(.resumedIdentityNotValid, "client certificates are not asked for any more"))
        }
        return clients.verifier.verify(chain: chain, at: now).map { verified in
            let identity = clients.rules.identity(for: verified)
            verdicts.insert(
                VerdictCache.Verdict(
                    identity: identity, presented: Array(chain.dropFirst()), validUntil: verified.validUntil))
            return identity
        }
    }
}
