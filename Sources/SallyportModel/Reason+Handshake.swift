/// Why a connection did not become an HTTP connection: 20xx how it ended, 21xx what the ClientHello said,
/// 23xx what the client's alert said, 24xx what the TLS library found, 25xx the gateway's own certificate.
/// 22xx is the client's certificate chain.
extension Reason {
    // MARK: 20xx how the connection ended

    package static let noClientCertificate = Reason(
        2001, "No client certificate", origin: .client,
        explanation: "The listener requires a client certificate and the client presented none.",
        fix: "Issue one and give it to the client: sallyport cert client NAME")
    package static let resumedIdentityNotValid = Reason(
        2002, "The resumed session is no longer valid", origin: .client,
        explanation: """
            The client resumed an earlier TLS session. Its certificate has expired since, or is no longer accepted, so \
            the session does not count either.
            """,
        fix: "If the certificate is still good, connect anew without the session; else: sallyport cert renew NAME")
    package static let clientProofFailed = Reason(
        2003, "The client could not prove that it holds the key", origin: .client,
        explanation: "The signature of the client over the handshake does not fit the certificate it presented.",
        fix: "Give the client the key that belongs to its certificate, or issue both anew: sallyport cert renew NAME")
    package static let closedSilently = Reason(
        2010, "Closed without a byte", origin: .client,
        explanation: """
            The connection was opened and closed without a byte: a port scan, a health probe or a load balancer.
            """,
        fix: "Nothing, if a TCP probe is expected. Such connections are counted apart from failed handshakes.")
    package static let closedInClientHello = Reason(
        2011, "Closed before the ClientHello was complete", origin: .client,
        explanation: "The client sent the beginning of a TLS handshake and closed the connection.",
        fix: "Look at the network path for a device that cuts large or fragmented ClientHello messages.")
    package static let closedInHandshake = Reason(
        2012, "Closed during the handshake", origin: .client,
        explanation: """
            The client closed the connection after the gateway's answer and before its own last message, without an \
            alert. Many clients do that when they do not accept the server certificate.
            """,
        fix: "Look into the log of the client; then try: openssl s_client -connect HOST:PORT -servername NAME")
    package static let handshakeDeadline = Reason(
        2013, "The handshake took too long", origin: .client,
        explanation: """
            The TLS handshake was not complete when its deadline passed, counted from the accepted connection.
            """,
        fix: "Look at the client or the network path for stalls; slow handshakes are also a way to tie up servers.")
    package static let plainHTTP = Reason(
        2020, "Plain HTTP on a TLS port", status: 400, origin: .client,
        explanation: "The first bytes are an HTTP request without TLS.",
        fix: "Use https:// for this port, or add a listener with redirectToHTTPS.")
    package static let notTLS = Reason(
        2021, "Not TLS", origin: .client,
        explanation: "The first bytes are neither a TLS handshake record nor another protocol known here.",
        fix: "Look what connects to this port; a port scan looks like this too.")
    package static let sslVersion2 = Reason(
        2022, "SSL 2.0 ClientHello", origin: .client,
        explanation: "The client opens with the SSL 2.0 message format, which RFC 6176 forbids.",
        fix: "Update the client; TLS 1.2 is the least that is spoken here.")
    package static let alertFirst = Reason(
        2023, "An alert instead of a ClientHello", origin: .client,
        explanation: "The client sent a TLS alert before any handshake message.",
        fix: "Look into the log of the client: it gave up before it began.")
    package static let proxyProtocol = Reason(
        2024, "PROXY protocol header on a TLS port", origin: .client,
        explanation: """
            A load balancer in front announces the client's address with a PROXY header that is not expected \
            here.
            """,
        fix: "Switch the PROXY protocol off in the load balancer (HAProxy: send-proxy).")

    // MARK: 21xx the ClientHello

    package static let helloMalformed = Reason(
        2100, "Malformed ClientHello", origin: .client,
        explanation: "The ClientHello does not follow RFC 8446 section 4.1.2, so nothing in it can be relied on.",
        fix: "Look what connects to this port; mainstream TLS libraries do not send this.")
    package static let helloTooLarge = Reason(
        2101, "ClientHello too large", origin: .client,
        explanation: "The ClientHello is larger than 16 KiB; with post-quantum key shares clients need about 2 KiB.",
        fix: "Look what connects to this port; mainstream TLS libraries do not send this.")
    package static let helloTooFragmented = Reason(
        2102, "ClientHello in too many records", origin: .client,
        explanation: "The ClientHello is cut into more than 64 TLS records, or into empty ones.",
        fix: "Look what connects to this port; fragments this small serve to slip past inspection.")
    package static let helloDuplicateExtension = Reason(
        2103, "Duplicate extension in the ClientHello", origin: .client,
        explanation: "An extension stands twice in the ClientHello, which RFC 8446 section 4.2 forbids.",
        fix: "Look what connects to this port; mainstream TLS libraries do not send this.")
    package static let helloTwoServerNames = Reason(
        2104, "More than one server name in the ClientHello", origin: .client,
        explanation: "RFC 6066 section 3 allows one host name. Two would let two parties see different ones.",
        fix: "Look what connects to this port; mainstream TLS libraries do not send this.")
    package static let helloServerNameInvalid = Reason(
        2105, "The server name is not a host name", origin: .client,
        explanation: "The server name (SNI) must be a DNS name of letters, digits and hyphens; an IP address is none.",
        fix: "Have the client connect by a host name of the certificate, or by address without a server name.")
    package static let serverNameUnknown = Reason(
        2106, "Unknown server name", origin: .client,
        explanation: "The client asks for a server name that the certificate of this listener does not bear.",
        fix: "Add the name to `tls.names` of the listener or to its certificate, or have the client use another name.")
    package static let noCommonProtocol = Reason(
        2107, "No common application protocol", origin: .client,
        explanation: """
            None of the application protocols that the client offers (ALPN) is spoken here. A client that offers none speaks \
            HTTP/1.1, which `tls.protocols` of the listener may leave out.
            """,
        fix: "Have the client offer h2 or http/1.1, or see `tls.protocols` of the listener.")
    package static let versionTooOld = Reason(
        2108, "TLS version not allowed", origin: .client,
        explanation: "The client offers no TLS version that the profile of this listener allows.",
        fix: "Update the client, or use `base: intermediate` in the TLS profile if TLS 1.2 must be served.")
    package static let noSharedCipherSuite = Reason(
        2109, "No common cipher suite", origin: .client,
        explanation: """
            The client offers no cipher suite with forward secrecy and authenticated encryption that fits the \
            certificate.
            """,
        fix: "Update the client: TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM or ChaCha20-Poly1305.")
    package static let noSharedGroup = Reason(
        2110, "No common key exchange group", origin: .client,
        explanation: "The client supports none of X25519MLKEM768, X25519, P-256 and P-384.",
        fix: "Update the client, or switch on one of these groups in it.")
    package static let noSharedSignatureAlgorithm = Reason(
        2111, "No common signature algorithm", origin: .client,
        explanation: """
            The client accepts no signature algorithm that the key of the server certificate or of its own can \
            produce.
            """,
        fix: "Update the client: ECDSA or RSA-PSS with SHA-256 or better; SHA-1 is not accepted.")
    package static let unexpectedFirstMessage = Reason(
        2112, "The first handshake message is not a ClientHello", origin: .client,
        explanation: """
            The connection opens with a TLS handshake record that carries another message than a ClientHello.
            """,
        fix: "Look what connects to this port; mainstream TLS libraries do not send this.")
    package static let helloInterrupted = Reason(
        2113, "Another record inside the ClientHello", origin: .client,
        explanation: "RFC 8446 section 5.1 lets nothing stand between the records of one handshake message.",
        fix: "Look what connects to this port; mainstream TLS libraries do not send this.")
    package static let recordTooLarge = Reason(
        2114, "TLS record too large", origin: .client,
        explanation: "RFC 8446 section 5.1 allows 16 KiB for a record before encryption begins.",
        fix: "Look what connects to this port; mainstream TLS libraries do not send this.")

    // MARK: 23xx the client's alert

    package static let clientAlert = Reason(
        2300, "The client ended the handshake with an alert", origin: .client,
        explanation: "The client sent a fatal TLS alert; which one is in the detail.",
        fix: "Look into the log of the client.")
    package static let clientDoesNotTrustUs = Reason(
        2301, "The client does not trust the server certificate", origin: .client,
        explanation: "The client sent the alert unknown_ca: it does not know the authority of the server certificate.",
        fix: "Give the client the root certificate; for the built-in authority: sallyport ca show")
    package static let clientRejectedCertificate = Reason(
        2302, "The client rejected the server certificate", origin: .client,
        explanation: """
            The client sent bad_certificate or certificate_unknown: often the name it asked for is not in the \
            certificate.
            """,
        fix: "See what the client sees: openssl s_client -connect HOST:PORT -servername NAME -showcerts")
    package static let clientSawExpiredCertificate = Reason(
        2303, "The client holds the server certificate to be expired", origin: .client,
        explanation: """
            The client sent certificate_expired or certificate_revoked: the certificate ended, or a clock is \
            wrong.
            """,
        fix: "Compare the clocks of both machines, then see the dates: sallyport cert inspect FILE")
    package static let clientFoundNoCommonGround = Reason(
        2304, "The client found nothing in common", origin: .client,
        explanation: "The client sent handshake_failure, protocol_version or insufficient_security.",
        fix: "Update the client: TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM or ChaCha20-Poly1305.")
    package static let clientCancelled = Reason(
        2305, "The client cancelled the handshake", origin: .client,
        explanation: "The client sent user_canceled or close_notify before the handshake was complete.",
        fix: "Nothing, unless it happens often: a browser does this when its user picks no certificate.")

    // MARK: 24xx what the TLS library found

    package static let handshakeFailed = Reason(
        2400, "The handshake failed", origin: .client,
        explanation: """
            The TLS library ended the handshake for a reason that has no code of its own; its words are in the \
            detail.
            """,
        fix: "Look into the log of the client, and report the detail so that it gets a code.")
    package static let protocolViolation = Reason(
        2401, "TLS protocol violation", origin: .client,
        explanation: """
            The client sent a record or message that does not belong at this point of the handshake or cannot be \
            decrypted.
            """,
        fix: "Look for a device that meddles with the connection; then update the client.")
    package static let handshakeTooLarge = Reason(
        2402, "Handshake message too large", origin: .client,
        explanation: "The client sent a handshake message beyond the bound, such as a certificate chain over 100 KB.",
        fix: "Present the leaf and its intermediates only.")
    package static let connectionNotTaken = Reason(
        2490, "The gateway could not take the connection", origin: .gateway,
        explanation: "The handshake succeeded and setting up the HTTP side failed.",
        fix: "Report it with the detail from the log.")

    // MARK: 25xx the gateway's own certificates

    package static let ownCertificateExpired = Reason(
        2501, "The server certificate has expired", origin: .configuration,
        explanation: "No client would accept the certificate, so the listener is not brought up with it.",
        fix: "Renew the certificate, or let Sallyport issue it: tls: { names: [HOST] }")
    package static let ownCertificateNotYetValid = Reason(
        2502, "The server certificate is not valid yet", origin: .configuration,
        explanation: "The validity of the certificate begins in the future, or the clock of this machine is behind.",
        fix: "Compare notBefore with the clock of this machine: sallyport cert inspect FILE")
    package static let tlsLibraryRefused = Reason(
        2503, "The TLS library refused the settings", origin: .configuration,
        explanation: "BoringSSL accepted neither the certificate nor the settings; its words are in the detail.",
        fix: "Check that the key is RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519.")
    package static let trustMissing = Reason(
        2504, "Client certificates are asked for and nothing is trusted", origin: .configuration,
        explanation: "Without a trust anchor no client certificate can be verified, and nobody is let in unverified.",
        fix: "Name an authority in clientCertificates.trust.")

    static let handshakeReasons: [Reason] = [
        noClientCertificate, resumedIdentityNotValid, clientProofFailed,
        closedSilently, closedInClientHello, closedInHandshake, handshakeDeadline,
        plainHTTP, notTLS, sslVersion2, alertFirst, proxyProtocol,
        helloMalformed, helloTooLarge, helloTooFragmented, helloDuplicateExtension, helloTwoServerNames,
        helloServerNameInvalid, serverNameUnknown, noCommonProtocol, versionTooOld, noSharedCipherSuite,
        noSharedGroup, noSharedSignatureAlgorithm, unexpectedFirstMessage, helloInterrupted, recordTooLarge,
        clientAlert, clientDoesNotTrustUs, clientRejectedCertificate, clientSawExpiredCertificate,
        clientFoundNoCommonGround, clientCancelled,
        handshakeFailed, protocolViolation, handshakeTooLarge, connectionNotTaken,
        ownCertificateExpired,
        ownCertificateNotYetValid, tlsLibraryRefused, trustMissing,
    ]
}
