import SallyportModel

struct ListenerDraft: Sendable {
    var address: Located<SocketAddressText>?
    var kind: Kind

    enum Kind: Sendable {
        case tls(profile: Located<String>?, ServerCertificate)
        case redirect(Span)
    }
}

enum ListenerSection {
    static let address = Field(
        "address", .address(), required: true,
        "Where to listen: HOST:PORT, or :PORT for every address of the machine.")
    static let tls = Field("tls", ListenerTLSSection.type, "Speak TLS, with this certificate and profile.")
    static let redirectToHTTPS = Field(
        "redirectToHTTPS", .isTrue(),
        "Speak plain HTTP and answer every request with a redirect to the same URL under https.")

    static let type = ValueType.record(
        "a listener", [address.row, tls.row, redirectToHTTPS.row], rules: [.exactlyOne(["tls", "redirectToHTTPS"])]
    ) { record -> ListenerDraft? in
        let redirect = record[redirectToHTTPS]
        let address = record[address]
        if let tls = record[tls] { return ListenerDraft(address: address, kind: tls.value) }
        return redirect.map { ListenerDraft(address: address, kind: .redirect($0.span)) }
    }
}

enum ListenerTLSSection {
    static let profile = Field(
        "profile", .reference(to: "a TLS profile"), otherwise: Builtin.profile,
        "How to speak TLS and what to ask of clients.")
    static let names = Field(
        "names", .list(of: .certificateName(), count: 1...100),
        "Have the built-in authority issue and renew a certificate for these names.")
    static let certificate = Field(
        "certificate", .certificateFile("the path of a PEM file: the certificate, then its intermediates"),
        "The certificate to show, from a file.")
    static let key = Field("key", .privateKey(), "The certificate's private key, as a reference.")

    static let type = ValueType.record(
        "`tls`", [profile.row, names.row, certificate.row, key.row],
        rules: [.exactlyOne(["names", "certificate"]), .allOrNone(["certificate", "key"])]
    ) { record -> ListenerDraft.Kind? in
        let profile = record[profile]
        let (certificate, key) = (record[certificate], record[key])
        if let certificate, let key {
            return .tls(profile: profile, .files(certificate: certificate.value, key: key.value))
        }
        return record[names].map { .tls(profile: profile, .builtin(names: $0.value.map(\.value))) }
    }
}

extension ValueType<String> {
    /// A DNS name, `*.` and a DNS name, or an IP address, lower-case.
    static func certificateName() -> ValueType {
        let shape = ScalarShape(
            words: "a host name or an IP address", examples: ["localhost", "\"*.example.org\"", "127.0.0.1"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
            let isWildcard = name != text && HostText.isName(name) && name.contains(".")
            guard isWildcard || name == text && (HostText.isName(text) || HostText.isAddress(text)) else {
                throw ValueError(
                    message: "\"\(text)\" is neither a host name nor an IP address",
                    label: "such as localhost, *.example.org or 127.0.0.1")
            }
            return text.lowercased()
        }
    }
}

extension ConfigurationCheck {
    func listeners() -> [Listener] {
        reportSharedAddresses()
        let entries = draft.listeners ?? []
        if let span = draft.listenersSpan, draft.listeners?.isEmpty == true {
            session.report(.missingKey, "there is no listener", at: span, label: "at least one is needed")
        }
        return entries.compactMap { entry in
            guard let draft = entry.value, let address = draft.address?.value else { return nil }
            switch draft.kind {
            case .tls(let profile, let certificate):
                if let profile { self.profile(profile) }
                let tls = ListenerTLS(profile: profile?.value ?? Builtin.profile, certificate: certificate)
                return Listener(name: entry.name, address: address, kind: .tls(tls))
            case .redirect(let span):
                return redirectPort(span, entry.path).map {
                    Listener(name: entry.name, address: address, kind: .redirectToHTTPS(port: $0))
                }
            }
        }
    }

    private func profile(_ name: Located<String>) {
        let known = draft.profiles.map { $0.map(\.name) + [Builtin.profile] }
        reference(name, to: "a TLS profile", known: known, section: "tlsProfiles")
    }

    /// The port of the only TLS listener, else 443 if one has it, else that of the first.
    private func redirectPort(_ span: Span, _ path: KeyPath) -> UInt16? {
        let entries = draft.listeners ?? []
        let ports = entries.compactMap { entry -> UInt16? in
            guard let listener = entry.value, case .tls = listener.kind else { return nil }
            return listener.address?.value.port
        }
        let isComplete = entries.allSatisfy { $0.value?.address != nil }
        guard let first = ports.first else {
            if isComplete {
                session.report(
                    .nothingToRedirectTo, "there is no listener with `tls` to redirect to", at: span, path: path)
            }
            return nil
        }
        return ports.contains(443) ? 443 : first
    }

    private func reportSharedAddresses() {
        var addresses = (draft.listeners ?? []).compactMap { $0.value?.address }
        if let admin = draft.admin?.address { addresses.append(admin) }
        for (index, address) in addresses.enumerated() {
            guard let other = addresses[..<index].first(where: { Self.overlap($0.value, address.value) }) else {
                continue
            }
            session.report(
                .addressTwice, "\(address.value.text) is in use by \(other.path.text)", at: address.span,
                label: "again here", path: address.path, related: (other.span, "first here"))
        }
    }

    /// An address for all interfaces overlaps with each of them.
    private static func overlap(_ left: SocketAddressText, _ right: SocketAddressText) -> Bool {
        let all = ["", "0.0.0.0", "::"]
        return left.port == right.port
            && (left.host == right.host || all.contains(left.host) || all.contains(right.host))
    }
}
