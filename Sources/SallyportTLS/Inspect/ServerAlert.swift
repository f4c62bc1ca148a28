/// What a server's alert means to the client that gets it, and what to do (RFC 8446 section 6.2).
enum ServerAlert {
    /// - Parameter hasCertificate: whether a client certificate was presented.
    static func failure(_ number: UInt8, hasCertificate: Bool) -> InspectionFailure {
        let (why, fix) = words(number, hasCertificate: hasCertificate)
        return InspectionFailure(
            .alert, "the server sent the alert \(AlertName.text(number))", why: why, fix: fix)
    }

    private static func words(_ number: UInt8, hasCertificate: Bool) -> (why: String, fix: String) {
        switch number {
        case 116: ("The server demands a client certificate.", presentOne)
        case 40 where !hasCertificate:
            (
                "The server found nothing in common with the offer above, or demands a client certificate (TLS 1.2).",
                "\(presentOne); else compare the offer with what the server speaks: sallyport tls grade HOST:PORT"
            )
        case 40, 71:
            (
                "The server found no version, cipher suite or group in common with the offer above.",
                "see what the server speaks: sallyport tls grade HOST:PORT"
            )
        case 70: ("The server speaks neither TLS 1.2 nor TLS 1.3.", "update the server")
        case 48:
            (
                "The server does not know the authority of the client certificate.",
                "present one of an authority that the server accepts, or add the authority to the server's trust"
            )
        case 42, 43, 46, 49, 51:
            (
                "The server did not accept the client certificate.",
                "look into the log of the server; of a Sallyport gateway: sallyport explain CONNECTION"
            )
        case 44: ("The client certificate is revoked.", "issue a new one: sallyport cert client NAME")
        case 45: ("The client certificate has expired.", "renew it: sallyport cert renew NAME")
        case 112: ("The server does not serve this name.", "name another one with --servername NAME")
        case 120: ("The server speaks none of the offered application protocols.", "use the port of its HTTPS service")
        case 0, 90: ("The server ended the handshake without a reason.", "look into the log of the server")
        default: ("The server gave up.", "look into the log of the server")
        }
    }

    private static let presentOne = "present one: --as NAME, or --cert FILE --key FILE"

    /// The number of the alert by BoringSSL's name of the error that it becomes.
    static func number(ofError name: String) -> UInt8? {
        for prefix in ["SSLV3_ALERT_", "TLSV1_ALERT_", "TLSV1_"] where name.hasPrefix(prefix) {
            if let number = numbers[String(name.dropFirst(prefix.count))] { return number }
        }
        return nil
    }

    private static let numbers: [String: UInt8] = [
        "CLOSE_NOTIFY": 0, "UNEXPECTED_MESSAGE": 10, "BAD_RECORD_MAC": 20, "RECORD_OVERFLOW": 22,
        "HANDSHAKE_FAILURE": 40, "BAD_CERTIFICATE": 42, "UNSUPPORTED_CERTIFICATE": 43, "CERTIFICATE_REVOKED": 44,
        "CERTIFICATE_EXPIRED": 45, "CERTIFICATE_UNKNOWN": 46, "ILLEGAL_PARAMETER": 47, "UNKNOWN_CA": 48,
        "ACCESS_DENIED": 49, "DECODE_ERROR": 50, "DECRYPT_ERROR": 51, "PROTOCOL_VERSION": 70,
        "INSUFFICIENT_SECURITY": 71, "INTERNAL_ERROR": 80, "INAPPROPRIATE_FALLBACK": 86, "USER_CANCELLED": 90,
        "UNSUPPORTED_EXTENSION": 110, "UNRECOGNIZED_NAME": 112, "CERTIFICATE_REQUIRED": 116,
        "NO_APPLICATION_PROTOCOL": 120,
    ]
}
