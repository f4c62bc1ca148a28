import SallyportModel

/// An address to listen on and what happens to a connection there.
package struct Listener: Sendable, Hashable {
    package var name: String
    package var address: SocketAddressText
    package var kind: Kind

    package enum Kind: Sendable, Hashable {
        case tls(ListenerTLS)
        /// Plain HTTP that answers every request with 308 to the same URL under `https`, at this port.
        case redirectToHTTPS(port: UInt16)
    }

    package init(name: String, address: SocketAddressText, kind: Kind) {
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

package struct ListenerTLS: Sendable, Hashable {
    /// A key of `Configuration.tlsProfiles` (`Builtin.profile` when the file names none; the loader adds it).
    package var profile: String
    package var certificate: ServerCertificate

    package init(profile: String, certificate: ServerCertificate) {
        self.profile = profile
        self.certificate = certificate
    }
}

/// Where a listener's certificate comes from.
package enum ServerCertificate: Sendable, Hashable {
    /// PEM chain, leaf first, and its key.
    case files(certificate: String, key: SecretReference)
    /// Issued by the built-in authority for these names (DNS names and IP addresses) and renewed by itself.
    case builtin(names: [String])
}

package struct TLSProfile: Sendable, Hashable {
    package var base: Base
    package var clientCertificates: ClientCertificates
    package var deny: DeniedFingerprints

    /// Mozilla Server Side TLS 6.0.
    package enum Base: String, Sendable, CaseIterable {
        /// TLS 1.3 only.
        case modern
        /// TLS 1.3 and 1.2 with forward secrecy and AEAD.
        case intermediate
    }

    package init(
        base: Base = .intermediate, clientCertificates: ClientCertificates = ClientCertificates(),
        deny: DeniedFingerprints = DeniedFingerprints()
    ) {
        self.base = base
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

    package enum Mode: String, Sendable, CaseIterable {
        case require, optional, none
    }

    package init(mode: Mode = .require, trust: [String] = [Builtin.authority], maxDepth: Int = 3) {
        self.mode = mode
        self.trust = trust
        self.maxDepth = maxDepth
    }
}

/// A set of trust anchors under a name.
package struct Authority: Sendable, Hashable {
    package var name: String
    package var source: Source

    package enum Source: Sendable, Hashable {
        /// PEM bundle.
        case file(String)
        /// Sallyport's own CA in the state directory; certificates it issues by itself live this long.
        case builtin(leafLifetime: Duration)
    }

    package init(name: String, source: Source) {
        self.name = name
        self.source = source
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
