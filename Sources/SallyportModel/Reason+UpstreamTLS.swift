/// 5010–5019: the TLS handshake with an upstream failed.
extension Reason {
    package static let upstreamNotTrusted = Reason(
        5010, "The upstream's certificate is not trusted", status: 502, origin: .upstream,
        explanation: """
            The certificate chain of the upstream does not lead to an authority in its `tls.trust`, or its key is none \
            of `tls.pins`.
            """,
        fix: """
            Add its authority to pki.authorities and to tls.trust of the upstream. Where tls.pins are set, add the SHA-256 \
            that the log names, if the new key is meant to be there.
            """)
    package static let upstreamCertificateExpired = Reason(
        5011, "The upstream's certificate is out of date", status: 502, origin: .upstream,
        explanation: "The certificate of the upstream has expired or is not valid yet by the clock of this machine.",
        fix: "Renew the certificate of the upstream, or set the clock of this machine right.")
    package static let upstreamNameMismatch = Reason(
        5012, "The upstream's certificate bears another name", status: 502, origin: .upstream,
        explanation: "The upstream's certificate is trusted but not for the name or address it was reached under.",
        fix: "Set tls.name of the upstream to a name that its certificate bears.")
    package static let upstreamRefusedCertificate = Reason(
        5013, "The upstream refused the gateway's certificate", status: 502, origin: .upstream,
        explanation: """
            The upstream asked for a client certificate and refused what the gateway presented, or that it had \
            none.
            """,
        fix: "Set tls.present of the upstream to a certificate that it trusts.")
    package static let upstreamHandshakeFailed = Reason(
        5014, "The TLS handshake with the upstream failed", status: 502, origin: .upstream,
        explanation: """
            The handshake ended for a reason that has no code of its own; the TLS library's words are in the \
            detail.
            """,
        fix: "Try it by hand: openssl s_client -connect HOST:PORT -servername NAME")
    package static let upstreamNotTLS = Reason(
        5015, "The upstream does not speak TLS", status: 502, origin: .upstream,
        explanation: "The upstream answered the TLS handshake with something else, often plain HTTP.",
        fix: "Use http:// for the target, or the port on which the upstream speaks TLS.")
    package static let upstreamNoCommonTLS = Reason(
        5016, "Nothing in common with the upstream's TLS", status: 502, origin: .upstream,
        explanation: """
            The upstream supports no TLS version of at least 1.2 with a cipher suite and group that are allowed \
            here.
            """,
        fix: "Update the upstream: TLS 1.3, or TLS 1.2 with ECDHE and AES-GCM or ChaCha20-Poly1305.")

    static let upstreamTLSReasons = [
        upstreamNotTrusted, upstreamCertificateExpired, upstreamNameMismatch, upstreamRefusedCertificate,
        upstreamHandshakeFailed, upstreamNotTLS, upstreamNoCommonTLS,
    ]
}
