import NIOCore
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportPKI

/// The ACME server on a listener, under the policy of one generation.
struct ACMEService: LocalService {
    let desk: ACMEDesk
    let policy: ACMEPolicy
    let prober: ChallengeProber

    var mostContent: Int { JSONWebSignature.maximumBytes }

    func answer(_ request: LocalRequest) async -> LocalAnswer {
        let message = ACMERequest(
            method: request.method.acme, base: "https://\(request.authority)\(request.mount)", path: request.path,
            contentType: request.contentType, body: request.body)
        guard let response = await desk.answer(message, policy: policy, prober: prober) else {
            return .refused(LocalReply(.issuingStateUnusable))
        }
        return .content(
            LocalContent(
                status: response.status, fields: response.fields, contentType: response.contentType,
                body: response.body, reason: response.reason))
    }
}

extension Method {
    fileprivate var acme: ACMERequest.Method {
        switch self {
        case .get: .get
        case .head: .head
        case .post: .post
        default: .other
        }
    }
}

extension ACMEPolicy {
    /// - Parameter secret: reads the text of a MAC key.
    init(
        _ settings: ACMEServerSettings, secret: (SecretReference) throws(GatewayError) -> [UInt8]
    ) throws(GatewayError) {
        var grants: [String: ACMEGrant] = [:]
        for (name, account) in settings.externalAccounts {
            let text = String(decoding: try secret(account.macKey), as: UTF8.self)
            guard let key = Base64URL.decode(text), key.count >= 32 else {
                throw .certificates(
                    PKIError(
                        .accountKeyUnusable, "pki.acme.externalAccounts.\(name).macKey",
                        "it is no base64url text of at least 32 bytes"))
            }
            grants[name] = ACMEGrant(
                secret: key, names: account.names.map(NamePattern.init),
                usages: Set(account.usages.map { $0 == .client ? .client : .server }), lifetime: account.lifetime)
        }
        self.init(
            externalAccounts: grants, challenges: settings.challenges.map { $0 == .http ? .http : .tlsALPN },
            ordersPerHour: settings.ordersPerHour)
    }
}
