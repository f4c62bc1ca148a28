import SallyportModel

/// Translates what the TLS library reports into reasons.
///
/// The one place that knows BoringSSL's names; a test looks them up in BoringSSL's header.
enum HandshakeFailure {
    /// - Returns: the reason, and the library's words.
    static func describe(_ failure: TLSFailure) -> (reason: Reason, detail: String) {
        switch failure {
        case .truncated: (.closedInHandshake, "the connection ended in the middle of the handshake")
        case .closeNotify: (.clientCancelled, "close_notify before the end of the handshake")
        case .library(let names): named(names) ?? (.handshakeFailed, names.joined(separator: ", "))
        }
    }

    /// The reason for a fatal alert by its number (RFC 8446 section 6.2).
    static func reason(alert description: UInt8) -> Reason {
        switch description {
        case 48: .clientDoesNotTrustUs
        case 42, 43, 46: .clientRejectedCertificate
        case 44, 45: .clientSawExpiredCertificate
        case 40, 70, 71: .clientFoundNoCommonGround
        case 0, 90: .clientCancelled
        default: .clientAlert
        }
    }

    private static func named(_ names: [String]) -> (reason: Reason, detail: String)? {
        for name in names {
            if let reason = reasons[name] ?? alert(name) { return (reason, words[name] ?? name) }
        }
        return nil
    }

    /// Alerts without a line of their own.
    private static func alert(_ name: String) -> Reason? {
        name.hasPrefix("SSLV3_ALERT_") || name.hasPrefix("TLSV1_ALERT_") ? .clientAlert : nil
    }

    /// For what operators meet every day; the library's name for the rest, since it can be looked up.
    private static let words = ["PEER_DID_NOT_RETURN_A_CERTIFICATE": "the client sent no certificate"]

    /// By the names of `SSL_R_…` in BoringSSL's ssl.h.
    static let reasons: [String: Reason] = [
        // Ours.
        "PEER_DID_NOT_RETURN_A_CERTIFICATE": .noClientCertificate,
        "CERTIFICATE_VERIFY_FAILED": .certificateMalformed,
        "CANNOT_PARSE_LEAF_CERT": .certificateMalformed,
        "CERT_LENGTH_MISMATCH": .certificateMalformed,
        "UNKNOWN_CERTIFICATE_TYPE": .certificateKeyForbidden,
        "KEY_USAGE_BIT_INCORRECT": .certificateUsageForbidden,
        "ECC_CERT_NOT_FOR_SIGNING": .certificateUsageForbidden,
        "BAD_SIGNATURE": .clientProofFailed,
        "EXCESSIVE_MESSAGE_SIZE": .handshakeTooLarge,
        "UNSUPPORTED_PROTOCOL": .versionTooOld,
        "UNKNOWN_PROTOCOL": .versionTooOld,
        "WRONG_SSL_VERSION": .versionTooOld,
        "INAPPROPRIATE_FALLBACK": .versionTooOld,
        "NO_SHARED_CIPHER": .noSharedCipherSuite,
        "NO_SHARED_GROUP": .noSharedGroup,
        // TLS 1.2: the client's groups lack the curve of the certificate, as those of a client without ECDHE do.
        "WRONG_CURVE": .noSharedCipherSuite,
        "NO_COMMON_SIGNATURE_ALGORITHMS": .noSharedSignatureAlgorithm,
        "WRONG_SIGNATURE_TYPE": .noSharedSignatureAlgorithm,
        "NO_APPLICATION_PROTOCOL": .noCommonProtocol,
        // The client broke the protocol.
        "BAD_DECRYPT": .protocolViolation,
        "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": .protocolViolation,
        "UNEXPECTED_MESSAGE": .protocolViolation,
        "UNEXPECTED_RECORD": .protocolViolation,
        "WRONG_VERSION_NUMBER": .protocolViolation,
        "DECODE_ERROR": .protocolViolation,
        "CLIENTHELLO_PARSE_FAILED": .protocolViolation,
        "DUPLICATE_EXTENSION": .protocolViolation,
        "EXCESS_HANDSHAKE_DATA": .protocolViolation,
        "MISSING_EXTENSION": .protocolViolation,
        "MISSING_KEY_SHARE": .protocolViolation,
        "DUPLICATE_KEY_SHARE": .protocolViolation,
        "INVALID_OUTER_RECORD_TYPE": .protocolViolation,
        "APP_DATA_IN_HANDSHAKE": .protocolViolation,
        "TOO_MANY_EMPTY_FRAGMENTS": .protocolViolation,
        "TOO_MANY_WARNING_ALERTS": .protocolViolation,
        "DIGEST_CHECK_FAILED": .protocolViolation,
        "ENCRYPTED_LENGTH_TOO_LONG": .protocolViolation,
        "DATA_LENGTH_TOO_LONG": .protocolViolation,
        "BAD_ECPOINT": .protocolViolation,
        "BAD_CHANGE_CIPHER_SPEC": .protocolViolation,
        "CCS_RECEIVED_EARLY": .protocolViolation,
        "BAD_ALERT": .protocolViolation,
        "LENGTH_MISMATCH": .protocolViolation,
        "INCONSISTENT_CLIENT_HELLO": .protocolViolation,
        "INVALID_COMPRESSION_LIST": .protocolViolation,
        "ERROR_PARSING_EXTENSION": .protocolViolation,
        "PARSE_TLSEXT": .protocolViolation,
        "CLIENTHELLO_TLSEXT": .protocolViolation,
        "TOO_MUCH_SKIPPED_EARLY_DATA": .protocolViolation,
        // The client's alerts.
        "TLSV1_ALERT_UNKNOWN_CA": .clientDoesNotTrustUs,
        "SSLV3_ALERT_BAD_CERTIFICATE": .clientRejectedCertificate,
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": .clientRejectedCertificate,
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN": .clientRejectedCertificate,
        "SSLV3_ALERT_CERTIFICATE_EXPIRED": .clientSawExpiredCertificate,
        "SSLV3_ALERT_CERTIFICATE_REVOKED": .clientSawExpiredCertificate,
        "SSLV3_ALERT_HANDSHAKE_FAILURE": .clientFoundNoCommonGround,
        "TLSV1_ALERT_PROTOCOL_VERSION": .clientFoundNoCommonGround,
        "TLSV1_ALERT_INSUFFICIENT_SECURITY": .clientFoundNoCommonGround,
        "TLSV1_ALERT_USER_CANCELLED": .clientCancelled,
        "SSLV3_ALERT_CLOSE_NOTIFY": .clientCancelled,
    ]
}
