/// Why a certificate chain is refused (220x to 222x), and what is wrong with certificate files and the state
/// directory (225x and 226x). Titles are what a peer could see; subject, issuer and rule go to the operator only.
extension Reason {
    // MARK: A chain that a peer presented

    package static let certificateMalformed = Reason(
        2201, "The certificate cannot be read", origin: .client,
        explanation: "One of the presented certificates is not valid DER or not an X.509 certificate.",
        fix: "Look at the file that the peer uses: sallyport cert inspect FILE")
    package static let certificateChainTooLarge = Reason(
        2202, "The certificate chain is too large", origin: .client,
        explanation: "The peer presented more than 10 certificates or more than 64 KiB; none of it was parsed.",
        fix: "Have the peer send its own certificate and the intermediates only, not a whole bundle.")
    package static let certificateExpired = Reason(
        2203, "The certificate has expired", origin: .client,
        explanation: "The peer's certificate is past its notAfter time.",
        fix: "Renew it: sallyport cert renew NAME, or ask the authority that issued it. Then check the peer's clock.")
    package static let certificateNotYetValid = Reason(
        2204, "The certificate is not yet valid", origin: .client,
        explanation: "A certificate of the chain has a notBefore time that lies in the future.",
        fix: "Compare the clocks of this machine, the peer and the authority; otherwise issue the certificate again.")
    package static let certificateIssuerUnknown = Reason(
        2205, "The certificate comes from an unknown authority", origin: .client,
        explanation: """
            No chain leads from the presented certificate to an authority that this listener or upstream trusts.
            """,
        fix: """
            Trust the issuer under `pki.authorities`, or have the peer send its intermediates, or issue: sallyport \
            cert client NAME
            """)
    package static let certificateSelfSigned = Reason(
        2206, "The certificate is self-signed", origin: .client,
        explanation: "The peer signed its certificate itself, so nobody else vouches for it.",
        fix: "Have an authority under `pki.authorities` issue it: sallyport cert client NAME")
    package static let certificateSignatureInvalid = Reason(
        2207, "A certificate signature is wrong", origin: .client,
        explanation: """
            An authority of the right name is known, but its key did not make the signature on the certificate.
            """,
        fix: """
            Find out where the certificate comes from. Two authorities of one name, or a forged certificate, look like \
            this.
            """)
    package static let certificateAlgorithmForbidden = Reason(
        2208, "The certificate's signature algorithm is not allowed", origin: .client,
        explanation: """
            Allowed are ECDSA, RSA PKCS #1 and RSA-PSS with SHA-256, SHA-384 or SHA-512, and Ed25519. RSA-PSS needs \
            MGF1 with the same hash and a salt of its length. SHA-1 and MD5 can be forged.
            """,
        fix: "Have the authority issue the certificate again with SHA-256 or better.")
    package static let certificateKeyForbidden = Reason(
        2209, "The certificate's key is not allowed", origin: .client,
        explanation: "Allowed are P-256, P-384, P-521, Ed25519 and RSA of 2048 to 8192 bits.",
        fix: "Make a new key, P-256 for instance, and have the certificate issued again.")
    package static let certificateVersionUnsupported = Reason(
        2210, "The certificate is not X.509 version 3", origin: .client,
        explanation: "Older versions have no extensions, so nothing says what the certificate may be used for.",
        fix: "Issue it again with extensions; OpenSSL writes version 1 when it is given no -extfile.")
    package static let certificateSerialInvalid = Reason(
        2211, "The certificate's serial number is not allowed", origin: .client,
        explanation: "A serial number is positive and at most 20 octets long (RFC 5280 section 4.1.2.2).",
        fix: "Have the authority issue the certificate again with a proper serial number.")
    package static let certificateIssuerNotAuthority = Reason(
        2212, "An issuer in the chain may not issue certificates", origin: .client,
        explanation: "A certificate that signs another lacks basicConstraints CA or the key usage keyCertSign.",
        fix: "Find out who used an ordinary certificate to issue others; that is an attack or a grave mistake.")
    package static let certificatePathTooLong = Reason(
        2213, "The certificate chain is too long", origin: .client,
        explanation: """
            There are more intermediates than pathLenConstraint of an authority or `maxDepth` of the profile allows.
            """,
        fix: """
            Raise `tlsProfiles.NAME.clientCertificates.maxDepth` when the authority's own constraint is not the limit.
            """)
    package static let certificateUsageForbidden = Reason(
        2214, "The certificate is not made for this use", origin: .client,
        explanation: """
            A client certificate needs the extended key usage clientAuth, a server's serverAuth, and digitalSignature \
            if it states a key usage.
            """,
        fix: "Issue it for this use: sallyport cert client NAME, or sallyport cert server NAME")
    package static let certificateIsAuthority = Reason(
        2215, "An authority's certificate was presented as a peer's own", origin: .client,
        explanation: """
            The first certificate of the chain is a CA certificate. Whoever may issue certificates does not also log \
            in with that key.
            """,
        fix: "Issue an ordinary certificate for the peer: sallyport cert client NAME")
    package static let certificateNameForbidden = Reason(
        2216, "The certificate bears a name that its authority may not give", origin: .client,
        explanation: """
            A name in the certificate lies outside the name constraints of an authority on its path, or cannot be \
            compared with them.
            """,
        fix: "Have the certificate issued by an authority that may give the name.")
    package static let certificateExtensionUnknown = Reason(
        2217, "The certificate has a critical extension that is not understood", origin: .client,
        explanation: """
            Who marks an extension critical forbids use of the certificate by software that does not know the \
            extension.
            """,
        fix: "Have the certificate issued without that critical extension.")
    package static let certificateNamesUnreadable = Reason(
        2218, "The certificate's names cannot be read safely", origin: .client,
        explanation: """
            A name is not valid text of its kind, holds a NUL or control character, or stands twice where it must \
            stand once.
            """,
        fix: "Issue the certificate with plain names: sallyport cert inspect FILE shows which one it is.")
    package static let certificateNameMismatch = Reason(
        2219, "The certificate is for another name", origin: .upstream,
        explanation: "The server's certificate is good but does not name the host that was asked for.",
        fix: "Set `upstreams.NAME.tls.name` to a name that the certificate bears, or have it issued for this name.")
    package static let certificateRevoked = Reason(
        2220, "The certificate has been revoked", origin: .client,
        explanation: "The authority has withdrawn this certificate, or one that its chain needs.",
        fix: "Issue a new certificate if the peer should still have access: sallyport cert client NAME")
    package static let certificateBudgetExceeded = Reason(
        2221, "The certificate chain costs too much to verify", origin: .client,
        explanation: """
            Finding a path through the presented certificates took more steps or signature checks than allowed.
            """,
        fix: "Have the peer send its own certificate and the intermediates only.")
    package static let certificateExtensionInvalid = Reason(
        2222, "An extension of the certificate breaks the rules", origin: .client,
        explanation: "An extension cannot be decoded, contradicts another one, or stands where RFC 5280 forbids it.",
        fix: """
            Have the certificate issued again by software that follows RFC 5280; sallyport cert inspect FILE shows the \
            extension.
            """)
    package static let certificateIssuerExpired = Reason(
        2223, "An authority in the certificate chain has expired", origin: .client,
        explanation: """
            The peer's certificate is in time, but an intermediate or the root above it is past its notAfter time.
            """,
        fix: "Renew the authority and put its new certificate under `pki.authorities`: sallyport ca show")

    package static let certificatePolicyRequired = Reason(
        2224, "An authority demands a certificate policy", origin: .client,
        explanation: """
            An authority on the path has policyConstraints. Certificate policies are not followed here, so what it \
            demands cannot be shown to hold.
            """,
        fix: "Use an authority without policyConstraints, or trust the one below it: `pki.authorities`.")
    package static let certificateWorkloadIdentityInvalid = Reason(
        2225, "A SPIFFE ID on the certificate path breaks the rules", origin: .client,
        explanation: """
            A workload's SPIFFE ID needs a path, and its key signs nothing but handshakes. The ID of an authority has \
            no path, and an authority that states a trust domain vouches for workloads of that trust domain only.
            """,
        fix: """
            Have the certificate issued by the authority of its own trust domain, with one URI such as \
            spiffe://domain/workload.
            """)

    // MARK: Files

    package static let certificateFileUnreadable = Reason(
        2250, "A certificate or key file cannot be read", origin: .configuration,
        explanation: "The file is missing, not readable for this user, not an ordinary file, or too large.",
        fix: "Correct the path or the permissions of the file.")
    package static let pemMalformed = Reason(
        2251, "A PEM file is damaged", origin: .configuration,
        explanation: """
            A block has no end, a wrong label, or content that is not base64. The whole file is refused, not only the \
            block.
            """,
        fix: "Export the file again; sallyport cert inspect FILE names the block.")
    package static let certificateFileEmpty = Reason(
        2252, "A file holds no certificate", origin: .configuration,
        explanation: """
            No CERTIFICATE block was found, so a trust bundle would trust nobody and a listener would have nothing to \
            show.
            """,
        fix: "Name a PEM file with at least one CERTIFICATE block.")
    package static let privateKeyUnusable = Reason(
        2253, "A private key cannot be used", origin: .configuration,
        explanation: """
            The key is encrypted, of an unknown kind, too weak, damaged, or there is not exactly one in the file.
            """,
        fix: "Export it as unencrypted PKCS #8 with mode 0600: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW")
    package static let privateKeyMismatch = Reason(
        2254, "A private key does not belong to its certificate", origin: .configuration,
        explanation: "The public key in the first certificate of the chain is not the one of the private key.",
        fix: """
            Put the certificate and the key that were made together side by side; the leaf must be the first \
            certificate of its file.
            """)
    package static let certificateFileUnusable = Reason(
        2255, "A certificate in a file cannot be used", origin: .configuration,
        explanation: "The certificate is damaged, too weak, expired, or not an authority where one is needed.",
        fix: "See what is wrong with it: sallyport cert inspect FILE")
    package static let stateDirectoryUnsafe = Reason(
        2260, "The state directory is not safe", origin: .configuration,
        explanation: """
            Others can write to the directory that holds the CA's keys, it belongs to somebody else, or it is not a \
            directory.
            """,
        fix: "chmod 700 it, chown it to the user that runs Sallyport, or name another one with --state.")
    package static let stateWriteFailed = Reason(
        2261, "A file in the state directory cannot be written", origin: .configuration,
        explanation: "Creating, writing, syncing or renaming the file failed; the old content is untouched.",
        fix: "Look at free space and permissions of the state directory.")
    package static let certificateNameInvalid = Reason(
        2262, "The name cannot be used for a certificate", origin: .configuration,
        explanation: """
            NAME becomes a file name and a common name: 1 to 64 of A-Z a-z 0-9 . _ - without a leading dot or dash. \
            DNS names, IP addresses and URIs must be well-formed.
            """,
        fix: "Choose a plain name, such as alice or build-7.")
    package static let authorityUnusable = Reason(
        2263, "The built-in authority cannot be used", origin: .configuration,
        explanation: """
            There is none yet, a file of it is missing or damaged, its key does not fit its certificate, or it has \
            expired.
            """,
        fix: "Make one with sallyport ca init, or restore the folder ca/ of the state directory from a backup.")
    package static let issuedCertificateUnknown = Reason(
        2264, "No such certificate", origin: .configuration,
        explanation: "The built-in authority has issued no certificate of that name or serial number.",
        fix: "See what it has issued: sallyport cert list")
    package static let certificateLifetimeInvalid = Reason(
        2265, "The lifetime is not possible", origin: .configuration,
        explanation: """
            A certificate lives from one minute to ten years, and never longer than the authority that issues it.
            """,
        fix: "Choose a shorter lifetime with --days or --hours.")

    static let certificateReasons = [
        certificateMalformed, certificateChainTooLarge, certificateExpired, certificateNotYetValid,
        certificateIssuerUnknown, certificateSelfSigned, certificateSignatureInvalid, certificateAlgorithmForbidden,
        certificateKeyForbidden, certificateVersionUnsupported, certificateSerialInvalid,
        certificateIssuerNotAuthority, certificatePathTooLong, certificateUsageForbidden, certificateIsAuthority,
        certificateNameForbidden, certificateExtensionUnknown, certificateNamesUnreadable, certificateNameMismatch,
        certificateRevoked, certificateBudgetExceeded, certificateExtensionInvalid, certificateIssuerExpired,
        certificatePolicyRequired, certificateWorkloadIdentityInvalid,
        certificateFileUnreadable, pemMalformed, certificateFileEmpty, privateKeyUnusable, privateKeyMismatch,
        certificateFileUnusable, stateDirectoryUnsafe, stateWriteFailed, certificateNameInvalid, authorityUnusable,
        issuedCertificateUnknown, certificateLifetimeInvalid,
    ]
}
