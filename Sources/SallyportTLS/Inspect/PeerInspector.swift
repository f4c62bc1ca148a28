import NIOCore
import SallyportModel
import SallyportPKI

/// Shakes hands with a server as a client does, over bytes and without a socket, and notes what it sees.
///
/// A client certificate is presented only to a server that is trusted; without one the handshake goes on whatever the
/// verdict, since looking is what this is for. What the server sends is bounded. One inspector looks once.
package final class PeerInspector {
    package enum Progress: Equatable {
        case wantsMore
        /// The handshake is complete, and the server may still complain about the client certificate (TLS 1.3).
        case complete
        case ended
    }

    /// All that is taken from the server.
    private static let maximumBytes = 256 << 10

    package private(set) var inspection: PeerInspection
    private let engine: TLSEngine
    /// Notes of the judge, which the TLS library calls in the middle of the handshake.
    private let notes: Notes
    private let start: UInt64
    private let clock: () -> UInt64
    private var alerts = PlaintextAlertReader()
    private var opening: [UInt8] = []
    private var taken = 0
    private var isComplete = false

    private final class Notes {
        weak var engine: TLSEngine?
        var chain: [[UInt8]] = []
        var authorities: [[UInt8]]?
        var verdict: InspectionVerdict?
        /// When the chain came, and when it was judged.
        var times: (chain: UInt32, verified: UInt32) = (0, 0)
    }

    /// - Parameters:
    ///   - inspection: with what is known so far.
    ///   - trust: judges the server's chain.
    ///   - credential: presented when the server asks for it and is trusted.
    ///   - start: nanoseconds of the clock at the beginning of the whole.
    ///   - clock: monotonic, nanoseconds.
    ///   - now: seconds since 1970.
    package init(
        _ inspection: PeerInspection, trust: InspectionTrust, credential: CredentialPair?, start: UInt64,
        clock: @escaping () -> UInt64, now: Int64
    ) throws(PKIError) {
        self.inspection = inspection
        self.start = start
        self.clock = clock
        let settings = TLSSettings(minimum: .tls12, protocols: ["h2", "http/1.1"])
        let context = try TLSContext(settings, side: .client, source: inspection.target)
        let shown: TLSCredential? =
            if let credential {
                try TLSCredential(credential, algorithms: settings.signatureAlgorithms, source: inspection.target)
            } else { nil }
        let notes = Notes()
        self.notes = notes
        let presents = shown != nil
        let sent: String? = if case .dns(let name) = inspection.name.kind { name } else { nil }
        let engine = TLSEngine(client: context, serverName: sent, credential: shown) { chain in
            notes.times.chain = Self.microseconds(from: start, to: clock())
            let verdict = trust.judge(chain, at: now)
            notes.chain = chain
            notes.verdict = verdict
            // The library forgets them when the handshake is complete.
            notes.authorities = notes.engine?.requestedAuthorities
            notes.times.verified = Self.microseconds(from: start, to: clock())
            guard presents, case .failure = verdict.result else { return true }
            return false
        }
        guard let engine else { throw PKIError(.tlsLibraryRefused, inspection.target, BoringSSLErrors.text()) }
        self.engine = engine
        notes.engine = engine
        self.inspection.presented = credential?.chain.first.map { PrintableText.make($0.subject) }
    }

    private static func microseconds(from start: UInt64, to now: UInt64) -> UInt32 {
        UInt32(clamping: now > start ? (now - start) / 1000 : 0)
    }

    private func note(_ step: InspectionStep) {
        guard inspection.times[step] == nil else { return }
        inspection.times[step] = Self.microseconds(from: start, to: clock())
    }

    // MARK: Bytes

    /// The ClientHello.
    package func begin() -> [UInt8] {
        _ = engine.handshake()
        let bytes = takeOutbound()
        var reader = ClientHelloReader()
        if case .hello(let hello) = reader.read(bytes.span) { inspection.offered = hello }
        note(.offered)
        return bytes
    }

    /// Takes what the server sent.
    ///
    /// - Returns: what to send, and whether to go on.
    package func receive(_ bytes: [UInt8]) -> (send: [UInt8], progress: Progress) {
        taken += bytes.count
        note(.answered)
        guard taken <= Self.maximumBytes else {
            return fail(.init(.protocolError, "the server sends more than 256 KiB", fix: "ask whoever runs it"))
        }
        if opening.count < 64 { opening += bytes.prefix(64) }
        if !isComplete { alerts.read(bytes.span) }
        engine.receive(ByteBuffer(bytes: bytes))
        return isComplete ? listen() : advance()
    }

    private func takeOutbound() -> [UInt8] {
        engine.takeOutbound().map { Array($0.readableBytesView) } ?? []
    }

    private func advance() -> (send: [UInt8], progress: Progress) {
        let step = engine.handshake()
        takeNotes()
        switch step {
        case .incomplete: return (takeOutbound(), .wantsMore)
        case .failed(let failure): return fail(words(failure))
        case .complete:
            isComplete = true
            inspection.agreed = engine.facts
            inspection.stapledBytes = engine.stapledOCSPResponse.count
            inspection.end = .finished
            note(.ended)
            return listen()
        }
    }

    /// After the handshake: session tickets, and in TLS 1.3 the verdict on the client certificate.
    private func listen() -> (send: [UInt8], progress: Progress) {
        var plaintext = ByteBuffer()
        switch engine.read(into: &plaintext) {
        case .drained: return (takeOutbound(), plaintext.readableBytes > 0 ? .ended : .complete)
        case .closed: return (takeOutbound(), .ended)
        case .failed(let failure):
            inspection.times[.ended] = nil
            return fail(words(failure))
        }
    }

    /// What the judge and the library know only while the handshake is under way.
    private func takeNotes() {
        // TLS 1.2 asks after it has shown its own certificate, TLS 1.3 before.
        if let authorities = engine.requestedAuthorities ?? notes.authorities {
            inspection.requestedAuthorities = authorities.prefix(64).map(InspectedName.text)
        }
        guard let verdict = notes.verdict, inspection.verdict == nil else { return }
        inspection.chain = notes.chain
        inspection.verdict = verdict
        inspection.times[.chain] = notes.times.chain
        inspection.times[.verified] = notes.times.verified
    }

    // MARK: Ends

    /// The server closed the connection.
    package func peerClosed() {
        guard !isComplete else { return }
        let answered = inspection.times[.answered] != nil
        _ = fail(
            .init(
                .connection,
                "the server closed the connection " + (answered ? "in the handshake" : "without an answer"),
                why: "Some servers do that instead of an alert, when nothing fits or when they do not speak TLS.",
                fix: "look into the log of the server; try another --servername"))
    }

    /// The time for all of it is over.
    package func timedOut(limit: Int) {
        guard !isComplete else { return }
        _ = fail(
            .init(
                .time, "the handshake was not finished within \(limit) s", fix: "look for a stall on the network path"))
    }

    private func fail(_ failure: InspectionFailure) -> (send: [UInt8], progress: Progress) {
        inspection.end = .failed(failure)
        note(.ended)
        return (takeOutbound(), .ended)
    }

    private func words(_ failure: TLSFailure) -> InspectionFailure {
        if let refusal = refusedByUs {
            return .init(
                .trust, "the server is not trusted, so the client certificate was not presented",
                why: "\(refusal.reason.name) \(refusal.reason.title): \(refusal.detail)", fix: "\(refusal.reason.fix)")
        }
        let names: [String] = if case .library(let names) = failure { names } else { [] }
        if let alert = names.lazy.compactMap(ServerAlert.number).first ?? alerts.description {
            return ServerAlert.failure(alert, hasCertificate: inspection.presented != nil)
        }
        if let first = opening.first, !(20...23).contains(first) { return notTLS }
        let reason = UpstreamTLSFailure(failure, verdict: nil)
        return .init(
            .protocolError, "\(reason.reason.name) \(reason.reason.title): \(reason.detail)",
            why: reason.reason.explanation.description, fix: reason.reason.fix.description)
    }

    private var refusedByUs: ChainRefusal? {
        guard inspection.presented != nil, case .failure(let refusal)? = inspection.verdict?.result else { return nil }
        return refusal
    }

    private var notTLS: InspectionFailure {
        let text = PrintableText.make(String(decoding: opening.prefix(40), as: UTF8.self), limit: 40)
        return .init(
            .protocolError, "the server does not speak TLS on this port",
            why: "Its first bytes are \"\(text)\".", fix: "use the port on which it speaks TLS, often 443 or 8443")
    }
}

/// A name from the server on its way to the operator.
private enum InspectedName {
    /// RFC 4514 text, or the bytes where they are no name.
    static func text(_ der: [UInt8]) -> String {
        PrintableText.make(DistinguishedNameText.text(der), limit: 256)
    }
}
