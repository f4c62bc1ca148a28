import SallyportModel
import SallyportPKI

@testable import SallyportTLS

extension HandshakeCase {
    /// A good ClientHello that does not meet what the listener speaks, and what clients and networks do afterwards.
    static let negotiations: [HandshakeCase] = [
        greeted(
            "unknown-name", .serverNameUnknown, "the certificate does not bear the name", alert: 112,
            StagedHandshake.modern.with(0, HelloBytes.serverName(["shop.example.org"]))),
        greeted(
            "no-common-protocol", .noCommonProtocol, "offered: imap, smtp", alert: 120,
            StagedHandshake.modern.with(16, HelloBytes.alpn(["imap", "smtp"]))),
        greeted(
            "version-too-old", .versionTooOld, "UNSUPPORTED_PROTOCOL", alert: 70,
            StagedHandshake.modern.with(43, [4, 3, 2, 3, 1])),
        greeted(
            "version-too-old-without-extension", .versionTooOld, "UNSUPPORTED_PROTOCOL", alert: 70,
            HelloBytes(version: [3, 1], extensions: nil)),
        greeted(
            "no-common-suite", .noSharedCipherSuite, "NO_SHARED_CIPHER", alert: 40,
            HelloBytes(suites: [0x00, 0x2F, 0xC0, 0x13]).with(43, nil).with(0, nil)),
        greeted(
            "no-common-group", .noSharedGroup, "NO_SHARED_GROUP", alert: 40,
            StagedHandshake.modern.with(10, HelloBytes.list16([0x0019, 0x0100, 0x1A1A]))),
        greeted(
            "no-common-signature", .noSharedSignatureAlgorithm, "NO_COMMON_SIGNATURE_ALGORITHMS", alert: 40,
            StagedHandshake.modern.with(13, HelloBytes.list16([0x0201, 0x0203]))),
        answered("no-client-certificate", .noClientCertificate, "PEER_DID_NOT_RETURN_A_CERTIFICATE", alert: 116),
        answered("protocol-violation", .protocolViolation, "BAD_DECRYPT", alert: 20),
        answered("handshake-too-large", .handshakeTooLarge, "EXCESSIVE_MESSAGE_SIZE", alert: 47),
        answered("unknown-library-error", .handshakeFailed, "SOMETHING_NEW", alert: 80),
    ]

    static let alerts: [HandshakeCase] = [
        alert("client-does-not-trust", .clientDoesNotTrustUs, 48, "TLSV1_ALERT_UNKNOWN_CA"),
        alert("client-rejects-certificate", .clientRejectedCertificate, 42, "SSLV3_ALERT_BAD_CERTIFICATE"),
        alert(
            "client-rejects-name", .clientRejectedCertificate, 46, "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
            StagedHandshake.modern.with(0, nil)),
        alert("client-sees-expired", .clientSawExpiredCertificate, 45, "SSLV3_ALERT_CERTIFICATE_EXPIRED"),
        alert("client-finds-nothing-common", .clientFoundNoCommonGround, 40, "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        alert("client-cancels", .clientCancelled, 90, "TLSV1_ALERT_USER_CANCELLED"),
        alert("client-sends-another-alert", .clientAlert, 51, "TLSV1_ALERT_DECRYPT_ERROR"),
    ]

    static let endings: [HandshakeCase] = [
        HandshakeCase("closed-in-hello", .closedInClientHello) {
            let refusal = ChainRefusal(.closedInClientHello, "the ClientHello was not complete")
            return (StagedHandshake.refused(try StagedHandshake.accepted(), refusal), nil)
        },
        HandshakeCase("closed-silently", .closedSilently) {
            (
                StagedHandshake.refused(
                    try StagedHandshake.accepted(), ChainRefusal(.closedSilently, "no byte was received")), nil
            )
        },
        answered("closed-in-handshake", .closedInHandshake, "the connection ended in the middle of the handshake"),
        HandshakeCase("deadline-without-a-byte", .handshakeDeadline) {
            let refusal = ChainRefusal(.handshakeDeadline, "no byte was received")
            return (StagedHandshake.refused(try StagedHandshake.accepted(), refusal, at: 5_000_200_000), nil)
        },
        HandshakeCase("deadline-in-handshake", .handshakeDeadline) {
            let refusal = ChainRefusal(.handshakeDeadline, "the client did not finish the handshake")
            return (StagedHandshake.refused(try StagedHandshake.answered(), refusal, at: 5_000_200_000), nil)
        },
        HandshakeCase("connection-not-taken", .connectionNotTaken) {
            (
                StagedHandshake.refused(
                    try StagedHandshake.answered(), ChainRefusal(.connectionNotTaken, "the loop is closing")), nil
            )
        },
        HandshakeCase("finished", nil) { (try finished(resumed: false, client: "alice"), nil) },
        HandshakeCase("finished-resumed", nil) { (try finished(resumed: true, client: "alice"), nil) },
        HandshakeCase("finished-without-certificate", nil) { (try finished(resumed: false, client: nil), nil) },
    ]

    private static func finished(resumed: Bool, client: String?) throws -> ExplainedHandshake {
        var recorder = try StagedHandshake.answered()
        recorder.finished(
            TLSFacts(
                version: .tls13, cipherSuite: "TLS_AES_128_GCM_SHA256", group: "X25519MLKEM768", resumed: resumed,
                alpn: "http/1.1"), at: 3_100_000)
        return ExplainedHandshake(
            recorder, time: FixedChain.now, listener: "main", peer: "192.0.2.7:40112",
            outcome: .finished(client: client))
    }

    private static func greeted(
        _ name: String, _ reason: Reason, _ detail: String, alert: UInt8, _ hello: HelloBytes
    ) -> HandshakeCase {
        return HandshakeCase(name, reason) {
            (
                StagedHandshake.refused(try StagedHandshake.greeted(hello), ChainRefusal(reason, detail), alert: alert),
                nil
            )
        }
    }

    private static func answered(
        _ name: String, _ reason: Reason, _ detail: String, alert: UInt8? = nil
    ) -> HandshakeCase {
        HandshakeCase(name, reason) {
            (StagedHandshake.refused(try StagedHandshake.answered(), ChainRefusal(reason, detail), alert: alert), nil)
        }
    }

    /// - Parameter word: the TLS library's; the table that turns it into a reason is what is used here, too.
    private static func alert(
        _ name: String, _ reason: Reason, _ number: UInt8, _ word: String, _ hello: HelloBytes = StagedHandshake.modern
    ) -> HandshakeCase {
        return HandshakeCase(name, reason) {
            var recorder = try StagedHandshake.answered(hello)
            recorder.received(alert: number)
            return (
                StagedHandshake.refused(recorder, ChainRefusal(HandshakeFailure.reason(alert: number), word)), nil
            )
        }
    }
}
