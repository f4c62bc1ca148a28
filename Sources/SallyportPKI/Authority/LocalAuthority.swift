import Crypto
import SallyportConfig
import SallyportModel
import SwiftASN1
import X509

/// Sallyport's own certificate authority: a root that signs an intermediate, an intermediate that signs the rest.
///
/// Every function that writes blocks the calling thread for disk and, rarely, for another process; none belongs on an
/// event loop.
package struct LocalAuthority: Sendable {
    /// A client certificate lives this long unless the caller says otherwise.
    package static let clientLifetime = Duration.seconds(90 * 86_400)

    package let state: StateDirectory
    package let root: ParsedCertificate
    package let intermediate: ParsedCertificate
    private let intermediateKey: PrivateKey

    init(
        state: StateDirectory, root: ParsedCertificate, intermediate: ParsedCertificate, intermediateKey: PrivateKey
    ) {
        self.state = state
        self.root = root
        self.intermediate = intermediate
        self.intermediateKey = intermediateKey
    }

    /// The authority that is there, or a refusal with the command that makes one.
    package static func open(_ state: StateDirectory, at now: Int64) throws(PKIError) -> LocalAuthority {
        try AuthorityFiles(state: state).load(at: now)
    }

    /// The authority that is there, made first when there is none. Two processes at once make one.
    ///
    /// Also replaces an intermediate that ends within half a year. What it issued stays valid, since the files that
    /// hold a certificate hold its intermediate as well.
    package static func openOrCreate(_ state: StateDirectory, at now: Int64) throws(PKIError) -> LocalAuthority {
        try state.prepare()
        let files = AuthorityFiles(state: state)
        return try state.withAuthorityLock { () throws(PKIError) in
            if files.isUntouched { try files.makeRoot(at: now) }
            if try files.needsIntermediate(at: now) { try files.makeIntermediate(at: now) }
            return try files.load(at: now)
        }
    }

    package var anchor: TrustAnchor { TrustAnchor(authority: Builtin.authority, certificate: root) }
    /// SHA-256 of the root's DER encoding.
    package var rootFingerprint: [UInt8] { Array(SHA256.hash(data: root.der)) }

    /// A certificate for a server, noted in the registry; nothing else is written.
    /// - Parameters:
    ///   - names: DNS names (also `*.example.org`) and IP addresses; the first becomes the common name.
    ///   - name: what `cert list` calls it; nil takes the first of `names`.
    package func issueServer(
        name: String? = nil, names: [String], lifetime: Duration, at now: Int64
    ) throws(PKIError) -> IssuedCertificate {
        let subject = try LeafSubject(server: name, names: names)
        return try issue(subject, lifetime, at: now)
    }

    /// A certificate for a client, noted in the registry; nothing else is written.
    /// - Parameter uri: nil means `spiffe://sallyport.local/client/NAME`.
    package func issueClient(
        name: String, uri: String? = nil, dns: [String] = [], lifetime: Duration = clientLifetime, at now: Int64
    ) throws(PKIError) -> IssuedCertificate {
        let subject = try LeafSubject(client: name, uri: uri, dns: dns)
        return try issue(subject, lifetime, at: now)
    }

    /// A certificate for a key that somebody else made and keeps, noted in the registry; nothing else is written.
    ///
    /// Who may have which names is for the caller to know: `subject` is what was granted, never what was asked for.
    package func certify(
        _ request: CertificateRequest, subject: LeafSubject, lifetime: Duration, at now: Int64
    ) throws(PKIError) -> CertifiedKey {
        try certify(request.publicKey, subject, lifetime, at: now)
    }

    /// A new certificate with a new key and the names of the newest one of `name`.
    /// - Parameters:
    ///   - kind: needed only when a client and a server have the same name.
    ///   - lifetime: nil means that of the old one.
    /// - Throws: for a name whose newest certificate was revoked; whoever lost access does not get it back by renewal.
    package func renew(
        _ name: String, kind: IssuedKind? = nil, lifetime: Duration? = nil, at now: Int64
    ) throws(PKIError) -> IssuedCertificate {
        let records = try issued().filter { $0.name == name && (kind == nil || $0.kind == kind) }
        guard let newest = records.last else { throw unknown(name) }
        guard records.allSatisfy({ $0.kind == newest.kind }) else {
            throw PKIError(.issuedCertificateUnknown, name, "a client and a server have this name; say which")
        }
        guard newest.revokedAt == nil else {
            throw PKIError(.certificateRevoked, name, "its certificate was revoked, so it is not renewed")
        }
        let lifetime = lifetime ?? .seconds(newest.notAfter - newest.notBefore - AuthorityFiles.backdating)
        switch newest.kind {
        case .server:
            let names = newest.dnsNames + newest.addresses
            return try issueServer(name: name, names: names, lifetime: lifetime, at: now)
        case .client:
            return try issueClient(
                name: name, uri: newest.uris.first, dns: newest.dnsNames, lifetime: lifetime, at: now)
        }
    }

    /// Writes `NAME.pem` (0644), `NAME.key` (0600) and, with a password, `NAME.p12` (0600); returns their paths.
    package func store(_ issued: IssuedCertificate, pkcs12Password: String? = nil) throws(PKIError) -> StoredFiles {
        let name = try CertificateName(issued.name)
        let files = StoredFiles(
            certificate: state.certificate(of: issued.kind, name: name), key: state.key(of: issued.kind, name: name),
            pkcs12: pkcs12Password == nil ? nil : state.pkcs12(of: issued.kind, name: name))
        var pkcs12: [UInt8]?
        if let pkcs12Password {
            pkcs12 = try PKCS12.encode(
                chain: issued.chain + [root.der], key: issued.key, friendlyName: issued.name, password: pkcs12Password)
        }
        return try state.withAuthorityLock { () throws(PKIError) in
            try StateDirectory.writeAtomically(Array(issued.key.pem.utf8), to: files.key, mode: 0o600)
            try StateDirectory.writeAtomically(Array(issued.chainPEM.utf8), to: files.certificate, mode: 0o644)
            if let pkcs12, let path = files.pkcs12 {
                try StateDirectory.writeAtomically(pkcs12, to: path, mode: 0o600)
            }
            return files
        }
    }

    /// Everything issued, oldest first.
    package func issued() throws(PKIError) -> [IssuedRecord] { try IssuedRegistry(state).records() }

    /// Withdraws every unexpired certificate of that name, or else the one of that serial number.
    /// - Returns: the withdrawn ones; empty when all were expired or withdrawn already.
    package func revoke(_ nameOrSerial: String, at now: Int64) throws(PKIError) -> [IssuedRecord] {
        let registry = IssuedRegistry(state)
        return try state.withAuthorityLock { () throws(PKIError) in
            let all = try registry.records()
            let serial = nameOrSerial.filter { $0 != ":" }.uppercased()
            let named = all.filter { $0.name == nameOrSerial }
            let chosen = named.isEmpty ? all.filter { $0.serial == serial } : named
            guard !chosen.isEmpty else { throw unknown(nameOrSerial) }
            var revoked = chosen.filter { $0.revokedAt == nil && $0.notAfter >= now }
            for index in revoked.indices {
                try registry.revoke(serial: revoked[index].serial, at: now)
                revoked[index].revokedAt = now
            }
            return revoked
        }
    }

    /// Serial numbers for `ChainVerifier.revoked[Builtin.authority]`.
    package func revokedSerials() throws(PKIError) -> Set<String> {
        Set(try issued().filter { $0.revokedAt != nil }.map(\.serial))
    }

    private func issue(
        _ subject: LeafSubject, _ lifetime: Duration, at now: Int64
    ) throws(PKIError) -> IssuedCertificate {
        let key = try PrivateKey.generate()
        return IssuedCertificate(try certify(key.key.publicKey, subject, lifetime, at: now), key: key)
    }

    private func certify(
        _ key: Certificate.PublicKey, _ subject: LeafSubject, _ lifetime: Duration, at now: Int64
    ) throws(PKIError) -> CertifiedKey {
        let seconds = lifetime.components.seconds
        guard (60...AuthorityFiles.rootLifetime).contains(seconds), now + seconds <= intermediate.notAfter else {
            throw PKIError(
                .certificateLifetimeInvalid, subject.name,
                "\(seconds) seconds; the intermediate authority ends at \(CertificateTime.text(intermediate.notAfter))")
        }
        let template = CertificateTemplate(
            commonName: subject.commonName, role: .leaf(subject.kind, subject.names), publicKey: key,
            notBefore: max(now - AuthorityFiles.backdating, intermediate.notBefore), notAfter: now + seconds)
        let der = try template.sign(with: intermediateKey, issuer: intermediate)
        let certified = CertifiedKey(
            kind: subject.kind, name: subject.name, facts: try Self.facts(der, name: subject.name),
            chain: [der, intermediate.der])
        try state.withAuthorityLock { () throws(PKIError) in
            try IssuedRegistry(state).append(IssuedRecord(certified))
        }
        return certified
    }

    private static func facts(_ der: [UInt8], name: String) throws(PKIError) -> CertificateFacts {
        do {
            return try CertificateReader.facts(der: der)
        } catch {
            throw PKIError(error.reason, name, error.detail)
        }
    }

    private func unknown(_ name: String) -> PKIError {
        PKIError(.issuedCertificateUnknown, PrintableText.make(name, limit: 80), "nothing of that name was issued")
    }
}
