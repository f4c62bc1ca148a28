import Crypto
import SallyportModel
import X509

/// The JSON form of a certificate.
struct CertificateDocument: Encodable {
    let subject: String
    let issuer: String
    let serial: String
    let dnsNames: [String]
    let addresses: [String]
    let uris: [String]
    let emails: [String]
    /// Why the names cannot be used, when they cannot.
    let namesProblem: String?
    /// Seconds since 1970.
    let notBefore: Int64
    let notAfter: Int64
    /// When its authority withdrew it, where that is known.
    let revokedAt: Int64?
    /// 0 to 1.
    let lifeLeft: Double
    let key: String
    let signature: String
    let isAuthority: Bool
    let uses: [String]
    /// SHA-256, upper-case hexadecimal.
    let fingerprint: String

    init(_ certificate: ParsedCertificate, facts: Result<CertificateFacts, ChainRefusal>, revokedAt: Int64?, at now: Int64) {
        subject = certificate.subject
        issuer = certificate.issuer
        serial = certificate.serial
        switch facts {
        case .success(let facts):
            (dnsNames, addresses, uris, emails) = (facts.dnsNames, facts.addresses, facts.uris, facts.emails)
            namesProblem = nil
        case .failure(let refusal):
            (dnsNames, addresses, uris, emails) = ([], [], [], [])
            namesProblem = "\(refusal.reason.name) \(refusal.detail)"
        }
        notBefore = certificate.notBefore
        notAfter = certificate.notAfter
        self.revokedAt = revokedAt
        lifeLeft = certificate.lifeLeft(at: now)
        key = "\(certificate.keyKind)"
        signature = certificate.signatureName
        isAuthority = certificate.isAuthority
        uses = certificate.uses
        fingerprint = Hexadecimal.text(SHA256.hash(data: certificate.der))
    }
}

extension ParsedCertificate {
    var signatureName: String { "\(signature.algorithm)" }

    /// What the certificate may be used for, in the words of the standard.
    var uses: [String] {
        var uses: [String] = []
        if isAuthority { uses.append(extensions.pathLength.map { "authority (path length \($0))" } ?? "authority") }
        for usage in extensions.extendedKeyUsage ?? [] {
            switch usage {
            case .clientAuth: uses.append("clientAuth")
            case .serverAuth: uses.append("serverAuth")
            case .any: uses.append("any")
            default: uses.append("another use")
            }
        }
        return uses.isEmpty ? ["not stated"] : uses
    }
}
