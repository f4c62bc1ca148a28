extension Guideline {
    package static let all: [Guideline] = [mozillaModern, mozillaIntermediate, rfc9325, sp80052, cnsa]

    package static func named(_ name: String) -> Guideline? { all.first { $0.name == name } }

    private static let suites13: Set<UInt16> = [0x1301, 0x1302, 0x1303]
    private static let mozillaGroups: [NamedGroup] = [.x25519MLKEM768, .x25519, .secp256r1, .secp384r1]
    private static let ecdsaSignatures: Set = ["ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512"]

    // MARK: Mozilla

    static let mozillaModern = Guideline(
        name: "mozilla-modern", title: "Mozilla Server Side TLS 6.0, modern",
        source: "https://ssl-config.mozilla.org/guidelines/6.0.json (2026-04-06)",
        demands: [
            Demand(
                rule: .versions(allowed: [.tls13]), place: "tls_versions", weight: .required,
                fix: "speak TLS 1.3 only; in Sallyport `base: modern`"),
            Demand(
                rule: .suites(allowed: suites13), place: "ciphersuites", weight: .required,
                fix: "switch off every other cipher suite"),
            Demand(
                rule: .groups(allowed: mozillaGroups), place: "tls_curves", weight: .required,
                fix: "offer X25519MLKEM768, X25519, P-256 and P-384 only"),
            Demand(
                rule: .anyGroup(of: [.x25519MLKEM768]), place: "tls_curves", weight: .advised,
                fix: "switch X25519MLKEM768 on: what is recorded today can be opened later"),
            Demand(
                rule: .keys(allowed: KeyRule(curves: ["P-256", "P-384"])), place: "certificate_types",
                weight: .required, fix: "use a certificate with an ECDSA key on P-256 or P-384"),
            Demand(
                rule: .certificateSignatures(allowed: ecdsaSignatures), place: "certificate_signatures",
                weight: .required, fix: "have the certificate signed with ECDSA and SHA-256 or better"),
            Demand(
                rule: .certificateDays(atMost: 90), place: "maximum_certificate_lifespan", weight: .required,
                fix: "use a certificate of at most 90 days and renew it by machine"),
            Demand(
                rule: .clientOrder, place: "server_preferred_order", weight: .advised,
                fix: "let the client choose: it knows whether it has AES in hardware"),
        ])

    static let mozillaIntermediate = Guideline(
        name: "mozilla-intermediate", title: "Mozilla Server Side TLS 6.0, intermediate",
        source: "https://ssl-config.mozilla.org/guidelines/6.0.json (2026-04-06)",
        demands: [
            Demand(
                rule: .versions(allowed: [.tls13, .tls12]), place: "tls_versions", weight: .required,
                fix: "speak TLS 1.3 and 1.2 only; in Sallyport `base: intermediate`"),
            Demand(
                rule: .versionSpoken(.tls13), place: "tls_versions", weight: .advised, fix: "switch TLS 1.3 on"),
            Demand(
                rule: .suites(
                    allowed: suites13.union([0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8])), place: "ciphers",
                weight: .required, fix: "allow ECDHE with AES-GCM or ChaCha20-Poly1305 only"),
            Demand(
                rule: .groups(allowed: mozillaGroups), place: "tls_curves", weight: .required,
                fix: "offer X25519MLKEM768, X25519, P-256 and P-384 only"),
            Demand(
                rule: .anyGroup(of: [.x25519MLKEM768]), place: "tls_curves", weight: .advised,
                fix: "switch X25519MLKEM768 on: what is recorded today can be opened later"),
            Demand(
                rule: .keys(allowed: KeyRule(rsaBits: 2048, curves: ["P-256", "P-384"])), place: "certificate_types",
                weight: .required, fix: "use a certificate with an ECDSA key on P-256 or P-384, or RSA of 2048 bits"),
            Demand(
                rule: .certificateSignatures(allowed: ecdsaSignatures.union(["sha256WithRSAEncryption"])),
                place: "certificate_signatures", weight: .required,
                fix: "have the certificate signed with SHA-256 or, by ECDSA, better"),
            Demand(
                rule: .certificateDays(atMost: 366), place: "maximum_certificate_lifespan", weight: .required,
                fix: "use a certificate of at most 366 days"),
            Demand(
                rule: .certificateDays(atMost: 90), place: "recommended_certificate_lifespan", weight: .advised,
                fix: "use a certificate of at most 90 days and renew it by machine"),
            Demand(
                rule: .clientOrder, place: "server_preferred_order", weight: .advised,
                fix: "let the client choose: it knows whether it has AES in hardware"),
        ])

    // MARK: IETF

    static let rfc9325 = Guideline(
        name: "rfc9325", title: "RFC 9325 (BCP 195), Recommendations for Secure Use of TLS",
        source: "https://www.rfc-editor.org/rfc/rfc9325 (November 2022)",
        demands: [
            Demand(
                rule: .versions(allowed: [.tls13, .tls12]), place: "section 3.1.1", weight: .required,
                fix: "switch SSL 3.0, TLS 1.0 and TLS 1.1 off"),
            Demand(rule: .versionSpoken(.tls13), place: "section 3.1.1", weight: .advised, fix: "switch TLS 1.3 on"),
            Demand(
                rule: .fallbackRefused, place: "section 3.1.3", weight: .advised,
                fix: "have the server heed TLS_FALLBACK_SCSV (RFC 7507)"),
            Demand(
                rule: .noCompression, place: "section 3.3.1", weight: .advised, fix: "switch TLS compression off (CRIME)"),
            Demand(
                rule: .secureRenegotiation, place: "section 3.5", weight: .required,
                fix: "have the server answer renegotiation_info (RFC 5746)"),
            Demand(
                rule: .extendedMasterSecret, place: "section 3.5", weight: .advised,
                fix: "switch extended_master_secret on (RFC 7627)"),
            Demand(
                rule: .suiteKinds(forbidden: [.null, .anonymous, .export, .rc4]), place: "section 4.1",
                weight: .required, fix: "switch these cipher suites off"),
            Demand(
                rule: .suiteKinds(forbidden: [.smallBlock, .rsaKeyTransport, .staticDiffieHellman]),
                place: "section 4.1", weight: .advised, fix: "allow cipher suites with forward secrecy and 128 bits only"),
            Demand(
                rule: .suiteKinds(forbidden: [.cbc, .finiteField]), place: "section 4.2", weight: .advised,
                fix: "allow ECDHE with AES-GCM or ChaCha20-Poly1305 only"),
            Demand(
                rule: .primeBits(atLeast: 2048), place: "section 4.4", weight: .required,
                fix: "use a Diffie-Hellman group of at least 2048 bits, or none"),
            Demand(
                rule: .keys(
                    allowed: KeyRule(
                        rsaBits: 2048, curves: ["P-256", "P-384", "P-521", "P-224"], edwards: true,
                        postQuantum: ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"])), place: "section 4.5", weight: .required,
                fix: "use a certificate with RSA of at least 2048 bits, or ECDSA"),
            Demand(
                rule: .certificateSignatures(
                    allowed: ecdsaSignatures.union([
                        "sha256WithRSAEncryption", "sha384WithRSAEncryption", "sha512WithRSAEncryption", "rsassaPss",
                        "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87",
                    ])), place: "section 4.5", weight: .required, fix: "have the certificate signed with SHA-256 or better"),
            Demand(
                rule: .noWeakSignatures, place: "RFC 9155", weight: .required,
                fix: "switch signatures with MD5 and SHA-1 off"),
        ])

    // MARK: United States

    /// What is composed of approved algorithms entirely (section 3.3.1.1 and appendix C): AES, and SHA-1 in HMAC too.
    private static let approvedSuites: Set<UInt16> = suites13.subtracting([0x1303]).union([
        0x1304, 0x1305, 0xC02B, 0xC02C, 0xC0AC, 0xC0AD, 0xC0AE, 0xC0AF, 0xC023, 0xC024, 0xC009, 0xC00A, 0xC02F, 0xC030,
        0xC027, 0xC028, 0xC013, 0xC014, 0x009E, 0x009F, 0xC09E, 0xC09F, 0xC0A2, 0xC0A3, 0x0067, 0x006B, 0x0033, 0x0039,
        0x00A2, 0x00A3, 0x0040, 0x006A, 0x0032, 0x0038,
    ])

    static let sp80052 = Guideline(
        name: "sp800-52r2", title: "NIST SP 800-52 Rev. 2, Guidelines for TLS Implementations",
        source: "https://doi.org/10.6028/NIST.SP.800-52r2 (August 2019)",
        demands: [
            Demand(
                rule: .versions(allowed: [.tls13, .tls12]), place: "section 3.1", weight: .required,
                fix: "switch SSL 3.0, TLS 1.0 and TLS 1.1 off"),
            Demand(
                rule: .versionSpoken(.tls13), place: "section 3.1", weight: .required,
                fix: "switch TLS 1.3 on: it has been due since 2024-01-01"),
            Demand(
                rule: .suites(allowed: approvedSuites), place: "section 3.3.1", weight: .required,
                fix: "allow suites of approved algorithms only: AES, without ChaCha20 and without RSA key transport"),
            Demand(
                rule: .anyGroup(of: [.secp256r1, .secp384r1]), place: "section 3.4.2.2", weight: .required,
                fix: "offer P-256 or P-384"),
            Demand(
                rule: .primeBits(atLeast: 2048), place: "section 3.3.1", weight: .required,
                fix: "use a Diffie-Hellman group of at least 2048 bits, or none"),
            Demand(
                rule: .keys(
                    allowed: KeyRule(rsaBits: 2048, curves: ["P-256", "P-384", "P-521"])), place: "section 3.2.1",
                weight: .required, fix: "use a certificate with RSA of at least 2048 bits, or ECDSA on a NIST curve"),
            Demand(
                rule: .certificateSignatures(
                    allowed: ecdsaSignatures.union([
                        "sha256WithRSAEncryption", "sha384WithRSAEncryption", "sha512WithRSAEncryption", "rsassaPss",
                    ])), place: "section 3.2.1", weight: .required, fix: "have the certificate signed with SHA-256 or better"),
            Demand(
                rule: .noWeakSignatures, place: "section 3.4.2.6", weight: .required,
                fix: "switch signatures with MD5 and SHA-1 off"),
            Demand(
                rule: .noCompression, place: "section 3.5", weight: .required, fix: "switch TLS compression off (CRIME)"),
            Demand(
                rule: .secureRenegotiation, place: "section 3.4.1.1", weight: .required,
                fix: "have the server answer renegotiation_info (RFC 5746)"),
            Demand(
                rule: .extendedMasterSecret, place: "section 3.4.2.7", weight: .advised,
                fix: "switch extended_master_secret on (RFC 7627)"),
            Demand(
                rule: .fallbackRefused, place: "section 3.4.2.1", weight: .advised,
                fix: "have the server heed TLS_FALLBACK_SCSV (RFC 7507)"),
        ])

    static let cnsa = Guideline(
        name: "cnsa-2.0", title: "NSA Commercial National Security Algorithm Suite 2.0",
        source: "CNSA 2.0 (U/OO/194427-22), draft-becker-cnsa2-tls-profile",
        demands: [
            Demand(
                rule: .versions(allowed: [.tls13]), place: "profile section 4", weight: .required,
                fix: "speak TLS 1.3 only"),
            Demand(
                rule: .suites(allowed: [0x1302]), place: "symmetric algorithms", weight: .required,
                fix: "allow TLS_AES_256_GCM_SHA384 only; in Sallyport `base: cnsa`"),
            Demand(
                rule: .groups(allowed: [.mlkem1024, .secp384r1MLKEM1024]), place: "key establishment",
                weight: .required, fix: "offer ML-KEM-1024 only, alone or with P-384"),
            Demand(
                rule: .anyGroup(of: [.mlkem1024, .secp384r1MLKEM1024]), place: "key establishment", weight: .required,
                fix: "switch ML-KEM-1024 on"),
            Demand(
                rule: .keys(
                    allowed: KeyRule(rsaBits: 3072, curves: ["P-384"], postQuantum: ["ML-DSA-87"])),
                place: "digital signatures, transition until 2033", weight: .required,
                fix: "use a certificate with ML-DSA-87, or until 2033 ECDSA on P-384 or RSA of 3072 bits"),
            Demand(
                rule: .keys(allowed: KeyRule(postQuantum: ["ML-DSA-87"])), place: "digital signatures",
                weight: .advised, fix: "plan for a certificate with ML-DSA-87"),
            Demand(
                rule: .certificateSignatures(
                    allowed: [
                        "ecdsa-with-SHA384", "ecdsa-with-SHA512", "sha384WithRSAEncryption", "sha512WithRSAEncryption",
                        "rsassaPss", "ML-DSA-87",
                    ]), place: "hashing", weight: .required, fix: "have the certificate signed with SHA-384 or SHA-512"),
        ])
}
