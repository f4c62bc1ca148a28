import SallyportPKI

/// What a server does, seen from outside or read from a profile: what guidelines are held against.
package struct ServerPosture: Sendable, Equatable {
    /// Versions that it agrees to.
    package var versions: [WireVersion] = []
    /// Suites of TLS 1.3, as it chose them.
    package var suites13: [CipherSuite] = []
    /// Suites of TLS 1.2 and older, as it chose them.
    package var suites12: [CipherSuite] = []
    package var groups: [NamedGroup] = []
    /// Length of the shortest prime of finite-field Diffie-Hellman.
    package var primeBits: Int?
    /// What it signed with in TLS 1.2, weak ones only if it was offered nothing else.
    package var schemes: [SignatureScheme] = []
    /// One for each certificate it has.
    package var certificates: [CertificateStrength] = []
    package var compresses = false
    /// Nil where there is no TLS 1.2 to ask.
    package var hasSecureRenegotiation: Bool?
    package var hasExtendedMasterSecret: Bool?
    /// Whether it chooses by its own order of suites; nil with fewer than two to choose from.
    package var prefersOwnOrder: Bool?
    /// Whether it refuses a client that fell back without need; nil where there is nothing to fall back to.
    package var refusesFallback: Bool?
    package var asksForClientCertificate = false
    /// Connections that were made to find out.
    package var connections = 0
    /// What could not be found out, in words.
    package var gaps: [String] = []

    package init() {}
}
