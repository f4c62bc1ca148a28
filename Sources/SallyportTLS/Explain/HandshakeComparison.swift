import SallyportModel
import SallyportPKI

/// Sets what the client said beside what the gateway speaks, where the reason is that the two do not meet.
struct HandshakeComparison {
    private let record: HandshakeRecorder

    init(_ record: HandshakeRecorder) { self.record = record }

    /// Facts that make the reason plain for this very handshake; none where the reason says everything.
    func facts(for reason: Reason) -> [Timeline.Fact] {
        switch reason {
        case .versionTooOld: offered(\.versions, \.versions) { WireVersion(rawValue: $0).name }
        case .noSharedCipherSuite:
            offered(\.cipherSuites, \.cipherSuites) { CipherSuite(rawValue: $0).name } + keys + groups
        case .noSharedGroup: groups
        case .noSharedSignatureAlgorithm:
            offered(\.signatureAlgorithms, \.signatureAlgorithms) { SignatureScheme(rawValue: $0).name } + keys
        case .noCommonProtocol: protocols
        case .serverNameUnknown: names
        case .noClientCertificate: authorities
        case .clientRejectedCertificate: names + shownValidity
        case .clientSawExpiredCertificate: shownValidity
        case .clientDoesNotTrustUs: shownIssuer
        case .handshakeDeadline, .closedInHandshake, .closedInClientHello: lastStep
        default: []
        }
    }

    private func offered(
        _ client: KeyPath<ClientHello, [UInt16]>, _ gateway: KeyPath<HandshakePolicy, [UInt16]>,
        _ name: (UInt16) -> String
    ) -> [Timeline.Fact] {
        guard let hello = record.hello, let policy = record.policy else { return [] }
        let theirs = ClientHello.offered(hello[keyPath: client])
        let common = theirs.filter(policy[keyPath: gateway].contains)
        return [
            .init("client offers", theirs.map(name)), .init("spoken here", policy[keyPath: gateway].map(name)),
            .init("in common", common.map(name)),
        ]
    }

    private var groups: [Timeline.Fact] { offered(\.groups, \.groups) { NamedGroup(rawValue: $0).name } }

    /// A suite or an algorithm that both know is of no use without a key for it.
    private var keys: [Timeline.Fact] { record.policy.map { [.init("keys here", $0.keys)] } ?? [] }

    private var protocols: [Timeline.Fact] {
        guard let hello = record.hello, let policy = record.policy else { return [] }
        return [.init("client offers", hello.offeredProtocols), .init("spoken here", policy.applicationProtocols)]
    }

    private var names: [Timeline.Fact] {
        guard let hello = record.hello else { return [] }
        let borne = record.shown?.names ?? record.policy?.names ?? []
        return [.init("client asks for", hello.sni ?? "no name"), .init("names here", borne)]
    }

    private var authorities: [Timeline.Fact] {
        record.policy.map { [.init("accepted from", $0.trusted)] } ?? []
    }

    private var shownIssuer: [Timeline.Fact] {
        guard let shown = record.shown else { return [] }
        return [.init("it was shown", shown.subject), .init("issued by", shown.issuer)]
    }

    private var shownValidity: [Timeline.Fact] {
        guard let shown = record.shown else { return [] }
        return [
            .init("it was shown", shown.subject),
            .init("valid", "\(CertificateTime.text(shown.notBefore)) to \(CertificateTime.text(shown.notAfter))"),
        ]
    }

    private var lastStep: [Timeline.Fact] { [.init("got as far as", lastStepWords)] }

    private var lastStepWords: String {
        if record.microseconds(of: .verified) != nil { return "the verdict on the client certificate" }
        if record.microseconds(of: .chain) != nil { return "the client certificate" }
        if record.hello != nil { return "the ClientHello, which was answered" }
        return "the accepted connection; no complete ClientHello came"
    }
}
