import SallyportModel

/// Sallyport's own certificate authority: a root that signs one intermediate, an intermediate that signs the rest.
package struct LocalAuthority: Sendable {
    package let state: StateDirectory
    package let root: ParsedCertificate
    package let intermediate: ParsedCertificate

    /// The authority that is there, or a refusal with the command that makes one.
    package static func open(_ state: StateDirectory, at now: Int64) throws(PKIError) -> LocalAuthority {
        throw PKIError(.authorityUnusable, state.path, "not implemented")
    }

    /// The authority that is there, made first when there is none. Two processes at once make one.
    package static func openOrCreate(_ state: StateDirectory, at now: Int64) throws(PKIError) -> LocalAuthority {
        throw PKIError(.authorityUnusable, state.path, "not implemented")
    }

    package var anchor: TrustAnchor { TrustAnchor(authority: "local", certificate: root) }
    /// SHA-256 of the root's DER encoding.
    package var rootFingerprint: [UInt8] { [] }

    /// A certificate for a server; nothing is written but the registry.
    /// - Parameter names: DNS names (also `*.example.org`) and IP addresses; the first DNS name becomes the common name.
    package func issueServer(
        names: [String], lifetime: Duration, at now: Int64
    ) throws(PKIError) -> IssuedCertificate {
        throw PKIError(.authorityUnusable, state.path, "not implemented")
    }

    /// A certificate for a client; nothing is written but the registry.
    /// - Parameter uri: nil means `spiffe://sallyport.local/client/NAME`.
    package func issueClient(
        name: String, uri: String? = nil, dns: [String] = [], lifetime: Duration = .seconds(90 * 86_400), at now: Int64
    ) throws(PKIError) -> IssuedCertificate {
        throw PKIError(.authorityUnusable, state.path, "not implemented")
    }

    /// Writes `NAME.pem` (0644), `NAME.key` (0600) and, with a password, `NAME.p12` (0600); returns their paths.
    package func store(_ issued: IssuedCertificate, pkcs12Password: String? = nil) throws(PKIError) -> StoredFiles {
        throw PKIError(.authorityUnusable, state.path, "not implemented")
    }

    /// Everything issued, oldest first.
    package func issued() throws(PKIError) -> [IssuedRecord] { [] }

    /// Withdraws every unexpired certificate of that name, or the one of that serial number.
    package func revoke(_ nameOrSerial: String, at now: Int64) throws(PKIError) -> [IssuedRecord] { [] }

    /// A new certificate with a new key and the names of the newest one of `name`.
    package func renew(_ name: String, kind: IssuedKind?, lifetime: Duration?, at now: Int64) throws(PKIError) -> IssuedCertificate {
        throw PKIError(.authorityUnusable, state.path, "not implemented")
    }

    /// Serial numbers for `ChainVerifier.revoked[Builtin.authority]`.
    package func revokedSerials() throws(PKIError) -> Set<String> { [] }
}

package struct StoredFiles: Sendable, Hashable {
    package let certificate: String
    package let key: String
    package let pkcs12: String?
}
