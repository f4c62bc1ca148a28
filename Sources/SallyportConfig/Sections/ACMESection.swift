import SallyportModel

enum ACMESection {
    static let directory = Field(
        "directory", .acmeDirectory(), required: true, "The URL of the ACME server's directory.",
        danger: "Whoever runs the server decides whether the gateway gets certificates.")
    static let email = Field(
        "email", .emailAddress(), otherwise: "none", "Where the authority may write to about the account.")
    static let names = Field(
        "names", .list(of: .acmeName(), count: 1...100), required: true,
        "The host names that the certificate bears; each must lead to this gateway.")
    static let challenge = DefaultedField(
        "challenge", .choice(noun: "ACME challenge"), default: ACMEChallengeKind.http01,
        """
        How the names are proved: http-01 by a resource on port 80, which a listener with redirectToHTTPS answers; \
        tls-alpn-01 by a handshake on port 443 of the listener itself.
        """)
    static let externalAccount = Field(
        "externalAccount", ExternalAccountSection.type, otherwise: "none",
        "The account with the authority that the ACME account is bound to.")
    static let profile = Field(
        "profile", .text("the name of a profile", examples: ["shortlived"], maximum: 64), otherwise: "the server's choice",
        "The profile of the certificate, one of those that the server's directory lists.")
    static let trust = Field(
        "trust", .list(of: .reference(to: "an authority"), count: 1...64),
        otherwise: "the roots of the operating system",
        "The authorities that the ACME server's own certificate may come from.")
    static let agreeToTerms = Field(
        "agreeToTerms", .isTrue(), otherwise: "not agreed",
        "Agree to the terms of service that the ACME server shows in its directory.")

    static let type = ValueType.record(
        "`acme`",
        [
            directory.row, email.row, names.row, challenge.row, externalAccount.row, profile.row, trust.row,
            agreeToTerms.row,
        ]
    ) { record -> ACMESettings? in
        let (email, external, profile) = (record[email], record[externalAccount], record[profile])
        let (challenge, trust, agrees) = (record[challenge], record[trust], record[agreeToTerms])
        let (directory, names) = (record[directory], record[names])
        guard let directory, let names else { return nil }
        return ACMESettings(
            directory: directory.value, email: email?.value, names: names.value.map(\.value), challenge: challenge,
            externalAccount: external?.value, profile: profile?.value, trust: trust?.value.map(\.value) ?? [],
            agreesToTerms: agrees != nil)
    }
}

enum ExternalAccountSection {
    static let keyID = Field(
        "keyID", .text("the key identifier", examples: ["kid-1"]), required: true,
        "The key identifier that the authority gave out.")
    static let key = Field(
        "key", .secret(nil, examples: ["file:pki/acme-mac.key", "credential:acme-mac", "env:ACME_MAC"]), required: true,
        "The MAC key that the authority gave out, in base64url, as a reference.")

    static let type = ValueType.record("`externalAccount`", [keyID.row, key.row]) { record -> ACMEExternalAccount? in
        let (keyID, key) = (record[keyID], record[key])
        guard let keyID, let key else { return nil }
        return ACMEExternalAccount(keyID: keyID.value, key: key.value)
    }
}

extension ValueType<String> {
    /// An https URL; http for an address of this machine.
    static func acmeDirectory() -> ValueType {
        let shape = ScalarShape(
            words: "a URL such as https://acme.example.org/directory", pattern: "https?://[^#@]+",
            examples: ["https://acme-v02.api.letsencrypt.org/directory"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            try checkLine(text, "a URL", maximum: 2048)
            let target: UpstreamTarget
            let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? ""
            let path = rest.firstIndex { "/?".contains($0) } ?? text.endIndex
            target = try UpstreamTarget(parsing: String(text[..<path]))
            guard text[path...].utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
                throw ValueError(message: "\"\(text)\" has characters that a URL cannot hold")
            }
            guard target.scheme == .https || HostText.isLoopback(target.host) else {
                throw ValueError(
                    reason: .acmeDirectoryPlain, message: "\"\(text)\" is reached by plain HTTP", help: ["write https://"])
            }
            return text
        }
    }

    /// A host name without wildcard, lower-case.
    static func acmeName() -> ValueType {
        let shape = ScalarShape(words: "a host name", examples: ["www.example.org"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            if text.hasPrefix("*.") || HostText.isAddress(text) {
                throw ValueError(
                    reason: .acmeNameNotProvable,
                    message: "\"\(text)\" is \(text.hasPrefix("*.") ? "a wildcard" : "an address")",
                    label: "such as www.example.org")
            }
            guard HostText.isName(text) else {
                throw ValueError(message: "\"\(text)\" is no host name", label: "such as www.example.org")
            }
            return text.lowercased()
        }
    }

    /// One address of the simple kind, RFC 5321 without quoting.
    static func emailAddress() -> ValueType {
        let shape = ScalarShape(words: "an e-mail address", examples: ["ops@example.org"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            let marks = Array("!#$%&'*+-/=?^_`{|}~.".utf8)
            guard parts.count == 2, (1...64).contains(parts[0].utf8.count), HostText.isName(String(parts[1])),
                parts[0].utf8.allSatisfy({ byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) && byte < 0x80
                        || marks.contains(byte)
                })
            else { throw ValueError(message: "\"\(text)\" is no e-mail address", label: "such as ops@example.org") }
            return text
        }
    }
}

extension ConfigurationCheck {
    /// What a certificate by ACME needs elsewhere in the file. Without effect on other certificates.
    func checkACME(_ certificate: Located<ServerCertificate>) {
        guard case .acme(let settings) = certificate.value else { return }
        let path = certificate.path.key("acme")
        for name in settings.trust {
            authority(Located(value: name, span: certificate.span, path: path.key("trust")))
        }
        let speaksPlainHTTP = (draft.listeners ?? []).contains { entry in
            if case .redirect? = entry.value?.kind { true } else { entry.value == nil }
        }
        if settings.challenge == .http01, !speaksPlainHTTP {
            session.report(
                .acmeNowhereToAnswer, "http-01 needs a listener with `redirectToHTTPS`", at: certificate.span,
                label: "nobody would answer", help: ["add one at port 80, or write challenge: tls-alpn-01"], path: path)
        }
    }
}
