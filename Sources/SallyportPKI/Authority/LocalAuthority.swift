import Crypto
import SallyportConfig
import SallyportModel
import SwiftASN1
import X509

/// Sallyport's own certificate authority: a root that signs an intermediate, an intermediate that signs the rest.
///
/// What it says about itself is how it stood when it was opened; what it issues comes from the authority as it is then.
/// Every function that writes blocks the calling thread for disk and, rarely, for another process; none belongs on an
/// event loop.
package struct LocalAuthority: Sendable {
    /// A client certificate lives this long unless the caller says otherwise.
    package static let clientLifetime = Duration.seconds(90 * 86_400)

    package let state: StateDirectory
    package let root: ParsedCertificate
    package let intermediate: ParsedCertificate
    /// Roots before it that are trusted until what they issued has expired.
    package let formerRoots: [ParsedCertificate]
    /// Every root and intermediate that was replaced and is remembered, oldest first.
    package let former: [FormerAuthority]
    /// What is sent behind a leaf, DER: the intermediate and, during a rotation, the root as the one before signed it.
    package let issuingChain: [[UInt8]]

    init(_ contents: AuthorityContents, state: StateDirectory, at now: Int64) {
        self.state = state
        root = contents.root
        intermediate = contents.intermediate
        formerRoots = contents.trustedFormerRoots(at: now)
        former = contents.former
        issuingChain = contents.issuingChain(at: now).map(\.der)
    }

    /// The authority that is there, or a refusal with the command that makes one.
    package static func open(_ state: StateDirectory, at now: Int64) throws(PKIError) -> LocalAuthority {
        let files = AuthorityFiles(state: state)
        guard FileContents.exists(state.authorityFolder) else { throw files.unusable("root.pem", "there is none yet") }
        return try state.withAuthorityLock { () throws(PKIError) in
            LocalAuthority(try files.load(at: now), state: state, at: now)
        }
    }

    /// The authority that is there, made first when there is none. Two processes at once make one.
    ///
    /// Also replaces an intermediate that ends within half a year, if the root's key is at hand; what it issued stays
    /// valid. An intermediate that has not ended goes on without it.
    package static func openOrCreate(_ state: StateDirectory, at now: Int64) throws(PKIError) -> LocalAuthority {
        try state.prepare()
        let files = AuthorityFiles(state: state)
        let rotation = AuthorityRotation(files: files, now: now)
        return try state.withAuthorityLock { () throws(PKIError) in
            if files.isUntouched { try rotation.create() }
            var contents = try files.loadWhateverTheTime()
            if try rotation.tidy(contents) { contents = try files.loadWhateverTheTime() }
            if contents.needsIntermediate(at: now), FileContents.exists(state.authorityFile("root.key")) {
                try rotation.rotateIntermediate(of: contents)
            }
            return LocalAuthority(try files.load(at: now), state: state, at: now)
        }
    }

    package enum Rotation: String, Sendable, CaseIterable { case intermediate, root }

    /// Puts a new intermediate, or a new root with a new intermediate, in the place of the one that is there, expired or
    /// not. Former ones stay trusted until what they issued has expired.
    /// - Parameter rootKey: the root's key, when it is not kept in `ca/root.key`.
    package static func rotate(
        _ part: Rotation, in state: StateDirectory, rootKey: PrivateKey? = nil, at now: Int64
    ) throws(PKIError) -> LocalAuthority {
        try change(state, at: now, rootKey) { (rotation, contents) throws(PKIError) in
            switch part {
            case .intermediate: try rotation.rotateIntermediate(of: contents)
            case .root: try rotation.rotateRoot(of: contents)
            }
        }
    }

    /// Ends every overlap: what former authorities issued is refused from now on.
    package static func finishRotation(in state: StateDirectory, at now: Int64) throws(PKIError) -> LocalAuthority {
        try change(state, at: now) { (rotation, contents) throws(PKIError) in try rotation.finish(contents) }
    }

    private static func change(
        _ state: StateDirectory, at now: Int64, _ rootKey: PrivateKey? = nil,
        _ body: (AuthorityRotation, AuthorityContents) throws(PKIError) -> Void
    ) throws(PKIError) -> LocalAuthority {
        let files = AuthorityFiles(state: state)
        guard FileContents.exists(state.authorityFolder) else { throw files.unusable("root.pem", "there is none yet") }
        return try state.withAuthorityLock { () throws(PKIError) in
            try body(AuthorityRotation(files: files, now: now, rootKey: rootKey), files.loadWhateverTheTime())
            return LocalAuthority(try files.load(at: now), state: state, at: now)
        }
    }

    /// Certificates that are valid and will not be once the rotation is finished, oldest first.
    package func endedByFinishing(at now: Int64) throws(PKIError) -> [IssuedRecord] {
        let ending = former.filter { $0.kind == .intermediate && $0.state(at: now) == .overlap }
        return try issued().filter { record in
            guard record.state(at: now) == .valid else { return false }
            guard let issuer = record.issuer else { return ending.contains { record.notBefore < $0.replacedAt } }
            return ending.contains { $0.serial == issuer }
        }
    }

    /// Who vouches for what this authority issued: the root and, during a rotation, the one before.
    package var anchors: [TrustAnchor] {
        ([root] + formerRoots).map { TrustAnchor(authority: Builtin.authority, certificate: $0) }
    }

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
    package func revoke(
        _ nameOrSerial: String, reason: RevocationReason = .unspecified, at now: Int64
    ) throws(PKIError) -> [IssuedRecord] {
        let registry = IssuedRegistry(state)
        return try state.withAuthorityLock { () throws(PKIError) in
            let all = try registry.records()
            let serial = nameOrSerial.filter { $0 != ":" }.uppercased()
            let named = all.filter { $0.name == nameOrSerial }
            let chosen = named.isEmpty ? all.filter { $0.serial == serial } : named
            guard !chosen.isEmpty else { throw unknown(nameOrSerial) }
            var revoked = chosen.filter { $0.revokedAt == nil && $0.notAfter >= now }
            for index in revoked.indices {
                try registry.revoke(serial: revoked[index].serial, reason: reason, at: now)
                revoked[index].revokedAt = now
                revoked[index].revocationReason = reason
            }
            return revoked
        }
    }

    /// Serial numbers for `ChainVerifier.revoked[Builtin.authority]`: certificates, and withdrawn intermediates.
    package func revokedSerials() throws(PKIError) -> Set<String> {
        Set(try issued().filter { $0.revokedAt != nil }.map(\.serial))
            .union(former.filter(\.isWithdrawn).map(\.serial))
    }

    /// A revocation list of everything withdrawn that has not expired yet, DER; its number is one more than the last.
    /// - Parameter lifetime: from now to nextUpdate.
    package func revocationList(lifetime: Duration, at now: Int64) throws(PKIError) -> [UInt8] {
        try state.withAuthorityLock { () throws(PKIError) in
            let records = try IssuedRegistry(state).records()
            let revoked = records.compactMap { record -> CertificateListWriter.Revoked? in
                guard let date = record.revokedAt, record.notAfter >= now,
                    let serial = SerialNumber(hexadecimal: record.serial)
                else { return nil }
                return CertificateListWriter.Revoked(
                    serial: serial, date: date, reason: record.revocationReason ?? .unspecified)
            }
            let number = try nextListNumber()
            let current = try AuthorityFiles(state: state).load(at: now)
            let issuer = current.intermediate
            let writer = CertificateListWriter(
                issuer: issuer, key: current.intermediateKey, thisUpdate: now,
                nextUpdate: min(now + lifetime.components.seconds, issuer.notAfter), number: number)
            let list = try writer.write(revoked)
            try StateDirectory.writeAtomically(
                Array("\(number)\n".utf8), to: state.authorityFile("crl.number"), mode: 0o600)
            return list
        }
    }

    private func nextListNumber() throws(PKIError) -> Int {
        let path = state.authorityFile("crl.number")
        guard FileContents.exists(path) else { return 1 }
        let text = String(decoding: try FileContents.read(path, limit: 32), as: UTF8.self)
        guard let last = Int(text.prefix { $0 != "\n" }), (0..<Int.max).contains(last) else {
            throw PKIError(.authorityUnusable, path, "it does not hold the number of the last revocation list")
        }
        return last + 1
    }

    private func issue(
        _ subject: LeafSubject, _ lifetime: Duration, at now: Int64
    ) throws(PKIError) -> IssuedCertificate {
        let key = try PrivateKey.generate()
        return IssuedCertificate(try certify(key.key.publicKey, subject, lifetime, at: now), key: key)
    }

    /// By the authority as it is now: nothing is signed by an intermediate that was replaced meanwhile.
    private func certify(
        _ key: Certificate.PublicKey, _ subject: LeafSubject, _ lifetime: Duration, at now: Int64
    ) throws(PKIError) -> CertifiedKey {
        try state.withAuthorityLock { () throws(PKIError) in
            let current = try AuthorityFiles(state: state).load(at: now)
            let seconds = try Self.checked(lifetime, of: subject.name, below: current.intermediate, at: now)
            let template = CertificateTemplate(
                commonName: subject.commonName, role: .leaf(subject.kind, subject.names), publicKey: key,
                notBefore: max(now - AuthorityFiles.backdating, current.intermediate.notBefore),
                notAfter: now + seconds)
            let der = try template.sign(with: current.intermediateKey, issuer: current.intermediate)
            let certified = CertifiedKey(
                kind: subject.kind, name: subject.name, facts: try Self.facts(der, name: subject.name),
                chain: [der] + current.issuingChain(at: now).map(\.der))
            try IssuedRegistry(state).append(IssuedRecord(certified, issuer: current.intermediate.serial), at: now)
            return certified
        }
    }

    private static func checked(
        _ lifetime: Duration, of name: String, below intermediate: ParsedCertificate, at now: Int64
    ) throws(PKIError) -> Int64 {
        let seconds = lifetime.components.seconds
        guard (60...AuthorityFiles.rootLifetime).contains(seconds), now + seconds <= intermediate.notAfter else {
            throw PKIError(
                .certificateLifetimeInvalid, name,
                "\(seconds) seconds; the intermediate authority ends at \(CertificateTime.text(intermediate.notAfter))")
        }
        return seconds
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
