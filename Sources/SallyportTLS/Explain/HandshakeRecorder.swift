import SallyportModel

/// Notes when each step of one handshake happened. The accept handler owns one for each connection.
///
/// It costs a few stores for each step and no allocation: what is noted exists anyway. Words are made of it only when
/// somebody asks (`ExplainedHandshake`). Times are nanoseconds of a monotonic clock that the caller reads.
package struct HandshakeRecorder: Sendable {
    package let connection: ConnectionID
    private let acceptedAt: UInt64
    private var times = InlineArray<8, UInt32>(repeating: .max)

    package private(set) var hello: ClientHello?
    /// JA4 of the ClientHello, once `trimHello` has made it.
    package private(set) var ja4: String?
    package private(set) var policy: HandshakePolicy?
    package private(set) var shown: ShownCertificate?
    /// What the client presented, DER, leaf first.
    package private(set) var presented: [[UInt8]] = []
    package private(set) var parameters: TLSFacts?
    /// The number of the alert that the gateway sent, when the recorder was told.
    package private(set) var alertSent: UInt8?
    /// The number of the alert that the client sent.
    package private(set) var alertReceived: UInt8?

    package init(connection: ConnectionID = .next(), acceptedAt: UInt64) {
        self.connection = connection
        self.acceptedAt = acceptedAt
        times[HandshakeStep.accepted.rawValue] = 0
    }

    /// The ClientHello is complete and could be read.
    package mutating func helloReceived(_ hello: ClientHello, at now: UInt64) {
        self.hello = hello
        note(.hello, now)
    }

    /// What the listener makes of the ClientHello's name.
    package mutating func chose(_ policy: HandshakePolicy, at now: UInt64) {
        self.policy = policy
        note(.policy, now)
    }

    /// Which of the gateway's certificates the client is shown.
    package mutating func chose(certificate: ShownCertificate, at now: UInt64) {
        shown = certificate
        note(.certificate, now)
    }

    /// The client's certificates have come; verifying begins.
    package mutating func received(chain: [[UInt8]], at now: UInt64) {
        presented = chain
        note(.chain, now)
    }

    /// The verdict on the client's certificate is known, either way.
    package mutating func verified(at now: UInt64) {
        note(.verified, now)
    }

    package mutating func finished(_ parameters: TLSFacts, at now: UInt64) {
        self.parameters = parameters
        note(.ended, now)
    }

    package mutating func refused(at now: UInt64) {
        note(.ended, now)
    }

    package mutating func sent(alert: UInt8) { alertSent = alert }
    package mutating func received(alert: UInt8) { alertReceived = alert }

    /// Keeps the first of each list in the ClientHello, and its fingerprint, which is of the whole.
    mutating func trimHello(numbers: Int, names: Int) {
        guard var hello, ja4 == nil else { return }
        ja4 = ClientFingerprint(hello).ja4
        hello.cipherSuites = Array(hello.cipherSuites.prefix(numbers))
        hello.groups = Array(hello.groups.prefix(numbers))
        hello.signatureAlgorithms = Array(hello.signatureAlgorithms.prefix(numbers))
        hello.supportedVersions = Array(hello.supportedVersions.prefix(numbers))
        hello.extensions = []
        hello.keyShares = Array(hello.keyShares.prefix(numbers))
        hello.alpn = hello.alpn.prefix(names).map { Array($0.prefix(64)) }
        self.hello = hello
    }

    /// Microseconds from the accepted connection to the step; nil when it was not reached.
    package func microseconds(of step: HandshakeStep) -> UInt32? {
        let time = times[step.rawValue]
        return time == .max ? nil : time
    }

    /// The first time counts: a second ClientHello after a HelloRetryRequest is part of the handshake's work.
    private mutating func note(_ step: HandshakeStep, _ now: UInt64) {
        guard times[step.rawValue] == .max else { return }
        let elapsed = now > acceptedAt ? (now - acceptedAt) / 1000 : 0
        times[step.rawValue] = UInt32(clamping: min(elapsed, UInt64(UInt32.max - 1)))
    }
}

/// The steps of a handshake in the order in which they happen.
package enum HandshakeStep: Int, Sendable, CaseIterable {
    case accepted, hello, policy, certificate, chain, verified, ended
}
