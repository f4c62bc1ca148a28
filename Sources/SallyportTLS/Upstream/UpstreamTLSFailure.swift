import SallyportModel
import SallyportPKI

/// Why TLS with an upstream failed, for the log; the client sees the reason's title only.
package struct UpstreamTLSFailure: Error, Sendable, Equatable {
    package let reason: Reason
    package let detail: String

    /// What an open connection's error handler caught. In TLS 1.3 the upstream's verdict on our certificate comes
    /// after the handshake, with the first read.
    ///
    /// - Returns: nil when the error does not come from TLS, and for a connection that ended without close_notify.
    package init?(_ error: any Error) {
        guard case TLSFailure.library(let names) = error else { return nil }
        self.init(names: names)
    }

    /// A handshake that failed.
    ///
    /// - Parameter verdict: on the server's chain, when it has presented one.
    init(_ failure: TLSFailure, verdict: Result<VerifiedChain, ChainRefusal>?) {
        if case .failure(let refusal)? = verdict {
            self.init(refusal)
            return
        }
        switch failure {
        case .library(let names): self.init(names: names)
        case .closeNotify: self.init(.upstreamHandshakeFailed, "close_notify before the end of the handshake")
        case .truncated: self.init(.upstreamHandshakeFailed, "the connection ended in the middle of the handshake")
        }
    }

    private init(_ refusal: ChainRefusal) {
        let reason: Reason =
            switch refusal.reason {
            case .certificateExpired, .certificateNotYetValid, .certificateIssuerExpired: .upstreamCertificateExpired
            case .certificateNameMismatch: .upstreamNameMismatch
            default: .upstreamNotTrusted
            }
        let leaf = refusal.subject.map { " (\($0))" } ?? ""
        self.init(reason, "\(refusal.reason.name) \(refusal.detail)\(leaf)")
    }

    private init(names: [String]) {
        let known = names.lazy.compactMap { name in Self.reasons[name].map { ($0, name) } }.first
        let text = names.joined(separator: ", ")
        self.init(known?.0 ?? .upstreamHandshakeFailed, known?.1 ?? (text.isEmpty ? "no reason was given" : text))
    }

    init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }

    /// By the names of `SSL_R_…` in BoringSSL's ssl.h.
    static let reasons: [String: Reason] = [
        "WRONG_VERSION_NUMBER": .upstreamNotTLS,
        "HTTP_REQUEST": .upstreamNotTLS,
        "HTTPS_PROXY_REQUEST": .upstreamNotTLS,
        "UNSUPPORTED_PROTOCOL": .upstreamNoCommonTLS,
        "TLSV1_ALERT_PROTOCOL_VERSION": .upstreamNoCommonTLS,
        "TLSV1_ALERT_INSUFFICIENT_SECURITY": .upstreamNoCommonTLS,
        "SSLV3_ALERT_HANDSHAKE_FAILURE": .upstreamNoCommonTLS,
        "WRONG_CIPHER_RETURNED": .upstreamNoCommonTLS,
        "WRONG_CURVE": .upstreamNoCommonTLS,
        "NO_COMMON_SIGNATURE_ALGORITHMS": .upstreamNoCommonTLS,
        "WRONG_SIGNATURE_TYPE": .upstreamNoCommonTLS,
        "TLSV1_ALERT_CERTIFICATE_REQUIRED": .upstreamRefusedCertificate,
        "TLSV1_ALERT_UNKNOWN_CA": .upstreamRefusedCertificate,
        "TLSV1_ALERT_ACCESS_DENIED": .upstreamRefusedCertificate,
        "TLSV1_ALERT_DECRYPT_ERROR": .upstreamRefusedCertificate,
        "SSLV3_ALERT_BAD_CERTIFICATE": .upstreamRefusedCertificate,
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": .upstreamRefusedCertificate,
        "SSLV3_ALERT_CERTIFICATE_REVOKED": .upstreamRefusedCertificate,
        "SSLV3_ALERT_CERTIFICATE_EXPIRED": .upstreamRefusedCertificate,
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN": .upstreamRefusedCertificate,
    ]
}
