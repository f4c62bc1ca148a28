import Logging
import NIOPosix
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportPKI
import SallyportStore
import Synchronization

/// `POST /enrol` with a certificate request: a certificate for the bearer of a token, or for the client that shows an
/// old one.
struct EnrolmentService: LocalService {
    let mostContent = CertificateRequest.maximumBytes
    let settings: EnrolmentSettings
    let directory: StateDirectory
    let logger: Logger
    let audit: AuditRecorder?
    let renewals: RenewalCount

    func answer(_ request: LocalRequest) async -> LocalAnswer {
        guard request.path.isEmpty else { return .refused(LocalReply(.noRoute)) }
        guard request.method == .post else {
            return .refused(LocalReply(.methodNotAllowed, fields: [("allow", "POST")]))
        }
        do {
            return try await NIOThreadPool.singleton.runIfActive { self.handle(request) }
        } catch {
            return .refused(LocalReply(.localServiceBusy))
        }
    }

    private func handle(_ request: LocalRequest) -> LocalAnswer {
        let now = UnixTime.seconds()
        do throws(PKIError) {
            if let authorization = request.authorization {
                return try enrol(token: authorization, request.body, at: now)
            }
            guard let identity = request.identity else {
                return .refused(LocalReply(.enrolmentCredentialMissing, fields: [("www-authenticate", "Bearer")]))
            }
            return try renew(identity, request.body, at: now)
        } catch {
            let isTheirs = error.reason.origin == .client
            logger.log(
                level: isTheirs ? .warning : .error, "enrolment refused",
                metadata: ["code": "\(error.reason.name)", "error": "\(error.detail)", "subject": "\(error.subject)"])
            return .refused(LocalReply(error.reason.status == nil ? .issuingFailed : error.reason))
        }
    }

    // MARK: tokens

    /// The request is looked at before the token is used up, so that a slip does not cost the token.
    private func enrol(token authorization: String, _ body: [UInt8], at now: Int64) throws(PKIError) -> LocalAnswer {
        let tokens = EnrolmentTokens(directory)
        guard let token = Self.bearer(authorization), let grant = try tokens.grant(of: token, at: now) else {
            throw PKIError(.enrolmentTokenRefused, "token", "it is unknown, used or expired")
        }
        let request = try CertificateRequest(body: body)
        let subject = try grant.subject()
        guard request.hasNoNames || subject.isAskedFor(by: request) else {
            throw PKIError(.requestedNamesDiffer, grant.name, "the token gives other names")
        }
        guard try tokens.claim(token) else {
            throw PKIError(.enrolmentTokenRefused, grant.name, "it was used in this moment")
        }
        return try issue(request, subject, .seconds(grant.lifetime), at: now)
    }

    /// RFC 6750 section 2.1.
    private static func bearer(_ authorization: String) -> String? {
        let parts = authorization.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    // MARK: renewal

    private func renew(_ identity: Identity, _ body: [UInt8], at now: Int64) throws(PKIError) -> LocalAnswer {
        let name = identity.certificate.commonName ?? ""
        guard identity.authority == Builtin.authority, identity.names.contains(where: settings.renew.contains) else {
            throw PKIError(.enrolmentRenewalRefused, identity.displayName, "it is not in pki.enrolment.renew")
        }
        let request = try CertificateRequest(body: body)
        guard renewals.admits(identity.displayName, at: now) else {
            throw PKIError(.issuingRateLimited, identity.displayName, "there are too many renewals")
        }
        let facts = identity.certificate
        let subject = try LeafSubject(client: name, uri: facts.uris.first, dns: facts.dnsNames)
        guard request.hasNoNames || subject.isAskedFor(by: request) else {
            throw PKIError(.requestedNamesDiffer, name, "the certificate has other names")
        }
        let records = try LocalAuthority.openOrCreate(directory, at: now).issued()
        guard let record = records.last(where: { $0.serial == facts.serial }), record.kind == .client,
            record.revokedAt == nil
        else { throw PKIError(.enrolmentRenewalRefused, name, "its certificate is no client's, or was revoked") }
        return try issue(request, subject, settings.lifetime, at: now)
    }

    private func issue(
        _ request: CertificateRequest, _ subject: LeafSubject, _ lifetime: Duration, at now: Int64
    ) throws(PKIError) -> LocalAnswer {
        let certified = try LocalAuthority.openOrCreate(directory, at: now).certify(
            request, subject: subject, lifetime: lifetime, at: now)
        try audit?.recordIssued(certified, to: certified.name, by: "enrolment")
        logger.info(
            "certificate issued",
            metadata: [
                "to": "\(certified.name)", "kind": "\(certified.kind.rawValue)", "serial": "\(certified.facts.serial)",
                "by": "enrolment",
            ])
        return .content(
            LocalContent(
                status: 201, fields: [("cache-control", "no-store")], contentType: "application/pem-certificate-chain",
                body: Array(certified.chainPEM.utf8)))
    }
}

/// How often identities renewed in the last hour; outlives generations.
final class RenewalCount: Sendable {
    private static let mostPerHour = 60
    private static let mostIdentities = 10_000
    private let times = Mutex<[String: [Int64]]>([:])

    /// Counts it, unless it is one too many.
    func admits(_ identity: String, at now: Int64) -> Bool {
        times.withLock { times in
            if times.count >= Self.mostIdentities {
                times = times.filter { $0.value.contains { now - $0 < 3600 } }
            }
            let recent = times[identity, default: []].filter { now - $0 < 3600 }
            guard recent.count < Self.mostPerHour, times.count < Self.mostIdentities else { return false }
            times[identity] = recent + [now]
            return true
        }
    }
}
