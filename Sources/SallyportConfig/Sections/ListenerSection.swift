import SallyportModel

struct ListenerDraft: Sendable {
    var address: Located<SocketAddressText>?
    var kind: Kind
    var proxyProtocol: ProxyTrust?

    enum Kind: Sendable {
        case tls(ListenerTLSDraft)
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

    static let proxyProtocol = Field(
        "proxyProtocol", ProxyProtocolSection.type, otherwise: "clients connect themselves",
        "Load balancers in front say for whom each connection is (PROXY protocol, version 1 or 2).")

    static let type = ValueType.record(
        "a listener", [address.row, tls.row, redirectToHTTPS.row, proxyProtocol.row],
        rules: [.exactlyOne(["tls", "redirectToHTTPS"])]
    ) { record -> ListenerDraft? in
        let redirect = record[redirectToHTTPS]
        let address = record[address]
        let proxy = record[proxyProtocol]?.value
        if let tls = record[tls] { return ListenerDraft(address: address, kind: .tls(tls.value), proxyProtocol: proxy) }
        return redirect.map { ListenerDraft(address: address, kind: .redirect($0.span), proxyProtocol: proxy) }
    }
}

extension ConfigurationCheck {
    func listeners(profiles: [String: TLSProfile]) -> [Listener] {
        reportSharedAddresses()
        let entries = draft.listeners ?? []
        if let span = draft.listenersSpan, draft.listeners?.isEmpty == true {
            session.report(.missingKey, "there is no listener", at: span, label: "at least one is needed")
        }
        return entries.compactMap { entry in
            guard let draft = entry.value, let address = draft.address?.value else { return nil }
            let proxy = draft.proxyProtocol
            switch draft.kind {
            case .tls(let draft):
                return Listener(
                    name: entry.name, address: address, kind: .tls(listenerTLS(draft, profiles)), proxyProtocol: proxy)
            case .redirect(let span):
                return redirectPort(span, entry.path).map {
                    Listener(
                        name: entry.name, address: address, kind: .redirectToHTTPS(port: $0), proxyProtocol: proxy)
                }
            }
        }
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
