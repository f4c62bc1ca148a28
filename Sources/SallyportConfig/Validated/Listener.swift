import SallyportModel

/// An address to listen on and what happens to a connection there.
package struct Listener: Sendable, Hashable {
    package var name: String
    package var address: SocketAddressText
    package var kind: Kind
    package var proxyProtocol: ProxyTrust?

    package enum Kind: Sendable, Hashable {
        case tls(ListenerTLS)
        /// Plain HTTP that answers every request with 308 to the same URL under `https`, at this port.
        case redirectToHTTPS(port: UInt16)
    }

    package init(name: String, address: SocketAddressText, kind: Kind, proxyProtocol: ProxyTrust? = nil) {
        self.proxyProtocol = proxyProtocol
        self.name = name
        self.address = address
        self.kind = kind
    }
}

/// `host:port` as checked text: the host is an IP address, a name, or empty for every address of the machine.
package struct SocketAddressText: Sendable, Hashable {
    /// Without brackets; empty means all interfaces.
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// How a listener speaks TLS: its own rules, and other rules for some server names.
package struct ListenerTLS: Sendable, Hashable {
    /// A key of `Configuration.tlsProfiles` (`Builtin.profile` when the file names none; the loader adds it).
    package var profile: String
    /// The first certificate. `certificates` are all of them.
    package var certificate: ServerCertificate
    package var furtherCertificates: [ServerCertificate]
    /// In the order of the file; patterns differ. `ListenerTLSPlan` says which of them a name meets.
    package var hosts: [TLSHost]
    package var withoutServerName: MissingServerName
    /// Offered to clients, most wanted first; at least one.
    package var protocols: [ListenerProtocol]

    /// At least one, most wanted first. Which is shown depends on the server name and on what the client offers.
    package var certificates: [ServerCertificate] { [certificate] + furtherCertificates }

    package init(
        profile: String, certificate: ServerCertificate, furtherCertificates: [ServerCertificate] = [],
        hosts: [TLSHost] = [], withoutServerName: MissingServerName = .listener,
        protocols: [ListenerProtocol] = ListenerProtocol.allCases
    ) {
        self.profile = profile
        self.certificate = certificate
        self.furtherCertificates = furtherCertificates
        self.hosts = hosts
        self.withoutServerName = withoutServerName
        self.protocols = protocols
    }
}

/// A version of HTTP that clients may speak, chosen in the handshake (RFC 7301).
package enum ListenerProtocol: String, Sendable, Hashable, CaseIterable {
    case http2, http1

    /// The name by ALPN.
    package var applicationProtocol: String {
        switch self {
        case .http2: "h2"
        case .http1: "http/1.1"
        }
    }
}

/// Rules for server names that differ from the listener's own.
package struct TLSHost: Sendable, Hashable {
    /// Exact or wildcard, never `any`.
    package var host: HostPattern
    /// A key of `Configuration.tlsProfiles`; the listener's when the file names none.
    package var profile: String
    /// Most wanted first; empty: the listener's, which bear the name.
    package var certificates: [ServerCertificate]

    package init(host: HostPattern, profile: String, certificates: [ServerCertificate] = []) {
        self.host = host
        self.profile = profile
        self.certificates = certificates
    }
}

/// What a ClientHello without a server name gets (RFC 6066 §3).
package enum MissingServerName: String, Sendable, Hashable, CaseIterable {
    /// The listener's own rules and certificates. Hosts with rules of their own are out of its reach.
    case listener
    /// The alert `unrecognized_name`.
    case refuse
}

/// Where a listener's certificate comes from.
package enum ServerCertificate: Sendable, Hashable {
    /// PEM chain, leaf first, and its key.
    case files(certificate: String, key: SecretReference)
    /// Issued by the built-in authority for these names (DNS names and IP addresses) and renewed by itself.
    case builtin(names: [String])
    /// Issued by an ACME server and renewed by itself.
    case acme(ACMESettings)
}

package struct TLSProfile: Sendable, Hashable {
    package var base: Base
    /// The tables that `base` is read in; one of `base.guidelines`.
    package var guideline: Guideline
    package var clientCertificates: ClientCertificates
    package var deny: DeniedFingerprints

    /// Versions and algorithms, from many clients to few.
    package enum Base: String, Sendable, CaseIterable {
        /// TLS 1.3 only.
        case modern
        /// TLS 1.3 and 1.2 with forward secrecy and AEAD.
        case intermediate
        /// TLS 1.3 with hybrid key exchange only: what is recorded today stays closed to a later quantum computer.
        case postQuantum = "post-quantum"
        /// TLS 1.3 with the algorithms of CNSA that the TLS library has.
        case cnsa

        /// The editions that say what the base means; no other is known.
        package var guidelines: [Guideline] { [newestGuideline] }

        /// What holds when the file names none.
        package var newestGuideline: Guideline {
            switch self {
            case .modern, .intermediate, .postQuantum: .mozilla6
            case .cnsa: .cnsa2
            }
        }
    }

    /// An edition of a published table of versions and algorithms.
    package enum Guideline: String, Sendable, CaseIterable {
        /// Mozilla Server Side TLS 6.0 (2026-04-06).
        case mozilla6 = "mozilla-6.0"
        /// NSA Commercial National Security Algorithm Suite 2.0.
        case cnsa2 = "cnsa-2.0"
    }

    /// - Parameter guideline: Nil: the newest for the base.
    package init(
        base: Base = .intermediate, guideline: Guideline? = nil,
        clientCertificates: ClientCertificates = ClientCertificates(), deny: DeniedFingerprints = DeniedFingerprints()
    ) {
        self.base = base
        self.guideline = guideline ?? base.newestGuideline
        self.clientCertificates = clientCertificates
        self.deny = deny
    }
}

/// Fingerprints of ClientHellos that are refused.
package struct DeniedFingerprints: Sendable, Hashable {
    package var ja4: [String]
    package var ja3: [String]

    package init(ja4: [String] = [], ja3: [String] = []) {
        self.ja4 = ja4
        self.ja3 = ja3
    }
}

package struct ClientCertificates: Sendable, Hashable {
    package var mode: Mode
    /// Keys of `Configuration.authorities`.
    package var trust: [String]
    /// Intermediates allowed between leaf and anchor: 0…10.
    package var maxDepth: Int
    package var resumption: Resumption

    package enum Mode: String, Sendable, CaseIterable {
        case require, optional, none
    }

    /// What a client that comes back may bring along instead of a full handshake.
    package enum Resumption: String, Sendable, CaseIterable {
        /// A session ticket. The certificate of the session is judged again before the first byte is served.
        case reauthorize
        /// Nothing: no ticket is given out and none is taken, and every connection proves its key.
        case none
    }

    package init(
        mode: Mode = .require, trust: [String] = [Builtin.authority], maxDepth: Int = 3,
        resumption: Resumption = .reauthorize
    ) {
        self.mode = mode
        self.trust = trust
        self.maxDepth = maxDepth
        self.resumption = resumption
    }
}

/// A set of trust anchors under a name.
package struct Authority: Sendable, Hashable {
    package var name: String
    package var source: Source
    package var status: AuthorityStatus

    package enum Source: Sendable, Hashable {
        /// PEM bundle.
        case file(String)
        /// Sallyport's own CA in the state directory; certificates it issues by itself live this long.
        case builtin(leafLifetime: Duration)
    }

    package init(name: String, source: Source, status: AuthorityStatus = AuthorityStatus()) {
        self.name = name
        self.source = source
        self.status = status
    }
}

/// A rule that names certificates. Every field that is given must match; at least one is given.
package struct IdentityRule: Sendable, Hashable {
    package var name: String
    package var commonName: String?
    /// Exact, or `prefix/*` for everything below.
    package var uri: String?
    /// Exact or `*.example.org` (one label).
    package var dns: String?
    package var email: String?
    package var organization: String?
    package var organizationalUnit: String?
    /// SHA-256 of the certificate, 32 bytes.
    package var fingerprint: [UInt8]?
    /// A key of `Configuration.authorities` that the chain must end in.
    package var issuer: String?
    package var token: TokenIdentity?
    /// The name of an API key.
    package var apiKey: String?

    /// Whether a certificate alone can't be this identity.
    package var needsCredentials: Bool { token != nil || apiKey != nil }
    /// Whether there is anything that a certificate has to satisfy.
    package var needsCertificate: Bool {
        commonName != nil || uri != nil || dns != nil || email != nil || organization != nil
            || organizationalUnit != nil || fingerprint != nil || issuer != nil
    }

    package init(
        name: String, commonName: String? = nil, uri: String? = nil, dns: String? = nil, email: String? = nil,
        organization: String? = nil, organizationalUnit: String? = nil, fingerprint: [UInt8]? = nil, issuer: String? = nil
    ) {
        self.name = name
        self.commonName = commonName
        self.uri = uri
        self.dns = dns
        self.email = email
        self.organization = organization
        self.organizationalUnit = organizationalUnit
        self.fingerprint = fingerprint
        self.issuer = issuer
    }
}
