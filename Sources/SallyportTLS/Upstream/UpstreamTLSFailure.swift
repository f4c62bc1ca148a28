import NIOSSL
import SallyportModel
import SallyportPKI

/// Why the handshake with an upstream failed, for the log; the client sees the reason's title only.
package struct UpstreamTLSFailure: Error, Sendable, Equatable {
    package let reason: Reason
    package let detail: String

    /// - Parameters:
    ///   - error: what the channel's error handler caught. In TLS 1.3 the upstream's verdict on our certificate comes
    ///     after the handshake, with the first read.
    ///   - handler: the connection's TLS handler, to look at the certificate that was presented; on its loop.
    ///   - now: seconds since 1970.
    /// - Returns: nil when the error does not come from TLS, and for a connection that ended without close_notify.
    package init?(_ error: any Error, handler: NIOSSLHandler?, at now: Int64 = UnixTime.seconds()) {
        switch error {
        case NIOSSLError.uncleanShutdown: return nil
        case let error as NIOSSLExtraError:
            let name = error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch
            self.init(name ? .upstreamNameMismatch : .upstreamHandshakeFailed, String("\(error)".prefix(300)))
        case is NIOSSLError, is BoringSSLError:
            self.init(names: BoringSSLMessage.reasons(of: error), error, handler?.peerCertificate, now)
        default: return nil
        }
    }

    /// The rule that the TLS library lacks: a common name is no name of a server (RFC 9525 section 2). Nil when the
    /// certificate has names of its own; the library has compared them by now.
    ///
    /// - Parameter handler: of a connection whose handshake is complete; on its loop.
    package init?(unnamed handler: NIOSSLHandler) {
        guard let certificate = handler.peerCertificate else {
            self.init(.upstreamNotTrusted, "no certificate was presented")
            return
        }
        do {
            let facts = try CertificateReader.facts(der: certificate.toDERBytes())
            if facts.dnsNames.isEmpty && facts.addresses.isEmpty {
                self.init(.upstreamNameMismatch, "the certificate has no subject alternative name, only \(facts.subject)")
            } else {
                return nil
            }
        } catch let refusal as ChainRefusal {
            self.init(.upstreamNotTrusted, refusal.detail)
        } catch {
            self.init(.upstreamNotTrusted, "the certificate cannot be read")
        }
    }

    private init(names: [String], _ error: any Error, _ certificate: NIOSSLCertificate?, _ now: Int64) {
        for name in names {
            if name == "CERTIFICATE_VERIFY_FAILED" {
                self.init(untrusted: certificate, now)
                return
            }
            if let reason = Self.reasons[name] {
                self.init(reason, name)
                return
            }
        }
        self.init(.upstreamHandshakeFailed, BoringSSLMessage.text(of: error))
    }

    /// The library tells only that it does not accept the chain; out of date is what can be seen from outside.
    private init(untrusted certificate: NIOSSLCertificate?, _ now: Int64) {
        guard let certificate else {
            self.init(.upstreamNotTrusted, "the chain was not accepted")
            return
        }
        if Int64(certificate.notValidAfter) < now {
            self.init(.upstreamCertificateExpired, "the certificate has expired")
        } else if Int64(certificate.notValidBefore) > now {
            self.init(.upstreamCertificateExpired, "the certificate is not valid yet")
        } else {
            self.init(.upstreamNotTrusted, "the chain does not lead to a trusted authority")
        }
    }

    private init(_ reason: Reason, _ detail: String) {
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
