/// What a server answers to a ClientHello, as far as it can be read without keys: in TLS 1.3 the ServerHello, before
/// that everything up to ServerHelloDone.
package struct ServerFlight: Sendable, Equatable {
    package var hello = ServerHello()
    /// DER, leaf first; empty in TLS 1.3 and for anonymous suites.
    package var certificates: [[UInt8]] = []
    package var keyExchange: ServerKeyExchange?
    package var asksForClientCertificate = false
    /// Whether an OCSP response came along.
    package var staplesStatus = false
}

package struct ServerHello: Sendable, Equatable {
    /// The version that was agreed.
    package var version = WireVersion(rawValue: 0)
    package var suite: UInt16 = 0
    package var compression: UInt8 = 0
    /// The group of TLS 1.3, or the one that a HelloRetryRequest asks for.
    package var group: NamedGroup?
    package var isRetryRequest = false
    /// The types of its extensions.
    package var extensions: [UInt16] = []

    package var hasSecureRenegotiation: Bool { extensions.contains(0xFF01) }
    package var hasExtendedMasterSecret: Bool { extensions.contains(23) }
}

/// How a server exchanges keys in TLS 1.2 and before (RFC 5246 section 7.4.3, RFC 8422 section 5.4).
package struct ServerKeyExchange: Sendable, Equatable {
    /// For elliptic curves.
    package var group: NamedGroup?
    /// Length of the prime of finite-field Diffie-Hellman.
    package var primeBits: Int?
    /// TLS 1.2 only.
    package var scheme: SignatureScheme?
}

/// How a question to a server ended.
package enum ProbeOutcome: Sendable, Equatable {
    case flight(ServerFlight)
    /// The number of the alert.
    case alert(UInt8)
    /// The connection ended without an answer.
    case closed
    case timedOut
    /// No answer of TLS.
    case unreadable(String)
    case unreachable(String)

    package var flight: ServerFlight? {
        if case .flight(let flight) = self { flight } else { nil }
    }
}
