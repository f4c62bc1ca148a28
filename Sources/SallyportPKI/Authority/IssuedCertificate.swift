import SallyportModel

package enum IssuedKind: String, Sendable, Hashable, Codable, CaseIterable {
    case client, server

    /// Below the state directory.
    package var folder: String { self == .client ? "clients" : "servers" }
}

/// A certificate fresh from the built-in authority, with its key.
package struct IssuedCertificate: Sendable {
    package let kind: IssuedKind
    package let name: String
    package let facts: CertificateFacts
    /// DER, leaf first, then its intermediate and, during a rotation, the root under the former root's signature; what
    /// a TLS server or client presents.
    package let chain: [[UInt8]]
    package let key: PrivateKey

    /// The whole chain.
    package var chainPEM: String { PEMBlock.encode(chain, label: PEMBlock.certificate) }

    init(_ certified: CertifiedKey, key: PrivateKey) {
        kind = certified.kind
        name = certified.name
        facts = certified.facts
        chain = certified.chain
        self.key = key
    }
}

/// A certificate fresh from the built-in authority, whose key somebody else has.
package struct CertifiedKey: Sendable {
    package let kind: IssuedKind
    package let name: String
    package let facts: CertificateFacts
    /// Leaf and intermediate, DER, leaf first.
    package let chain: [[UInt8]]

    /// Leaf and intermediate.
    package var chainPEM: String { PEMBlock.encode(chain, label: PEMBlock.certificate) }
}

/// Where `LocalAuthority.store` put a certificate.
package struct StoredFiles: Sendable, Hashable {
    package let certificate: String
    package let key: String
    package let pkcs12: String?
}

/// What the authority remembers of a certificate it issued.
package struct IssuedRecord: Sendable, Hashable, Codable {
    /// Upper-case hex.
    package var serial: String
    package var name: String
    package var kind: IssuedKind
    /// Seconds since 1970.
    package var notBefore: Int64
    package var notAfter: Int64
    package var uris: [String]
    package var dnsNames: [String]
    package var addresses: [String]
    /// Serial number of the intermediate that signed it, upper-case hex.
    package var issuer: String?
    /// Seconds since 1970.
    package var revokedAt: Int64?
    package var revocationReason: RevocationReason?

    init(_ certificate: CertifiedKey, issuer: String) {
        self.issuer = issuer
        serial = certificate.facts.serial
        name = certificate.name
        kind = certificate.kind
        notBefore = certificate.facts.notBefore
        notAfter = certificate.facts.notAfter
        uris = certificate.facts.uris
        dnsNames = certificate.facts.dnsNames
        addresses = certificate.facts.addresses
    }
}
