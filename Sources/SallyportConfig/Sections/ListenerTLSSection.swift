import SallyportModel

struct ListenerTLSDraft: Sendable {
    var profile: Located<String>?
    var certificates: [Located<ServerCertificate>]
    var hosts: [Located<TLSHostDraft>]
    var withoutServerName: MissingServerName
    var protocols: [ListenerProtocol]
}

struct TLSHostDraft: Sendable {
    var host: HostPattern
    var profile: Located<String>?
    var certificates: [Located<ServerCertificate>]
    /// Whether nothing is wrong with the host by itself, so that it can be compared with others.
    var isSound: Bool
}

enum ListenerTLSSection {
    static let profile = Field(
        "profile", .reference(to: "a TLS profile"), otherwise: Builtin.profile,
        "How to speak TLS and what to ask of clients.")
    static let certificates = Field(
        "certificates", .list(of: CertificateKeys.type, count: 1...64, unique: false), otherwise: "none",
        """
        More certificates: of the same name with another kind of key, or for other names. The server name and what the \
        client can verify decide; of equals the first is shown.
        """)
    static let hosts = Field(
        "hosts", .hosts(), otherwise: "none: the listener's rules hold for every name",
        """
        Other rules for some server names, by name or `"*.SUFFIX"` for one label in front. The exact name wins over \
        the wildcard, and both over the listener's own rules.
        """)
    static let withoutServerName = DefaultedField(
        "withoutServerName", .choice(noun: "answer to a missing server name"), default: MissingServerName.listener,
        """
        What a client gets that names no server in the handshake: listener is the listener's own rules, and requests \
        for a host with other rules are answered 421; refuse ends the handshake.
        """)

    static let protocols = Field(
        "protocols", .list(of: .choice(noun: "protocol") as ValueType<ListenerProtocol>, count: 1...2),
        otherwise: "[http2, http1]",
        """
        The versions of HTTP that clients may speak, most wanted first. A client that offers none in the handshake \
        gets http1; without http1 it is refused.
        """)

    static let type = ValueType.record(
        "`tls`",
        [profile.row] + CertificateKeys.rows + [certificates.row, hosts.row, withoutServerName.row, protocols.row],
        rules: [
            .someOf(CertificateKeys.alternatives + [certificates.row.name]), .atMostOne(CertificateKeys.alternatives),
            CertificateKeys.pair,
        ]
    ) { record -> ListenerTLSDraft? in
        let profile = record[profile]
        let certificates = record.certificates(and: certificates)
        let hosts = record[hosts]
        let withoutServerName = record[withoutServerName]
        let protocols = record[protocols]?.value.map(\.value) ?? ListenerProtocol.allCases
        guard let certificates, !certificates.isEmpty else { return nil }
        return ListenerTLSDraft(
            profile: profile, certificates: certificates, hosts: hosts?.value ?? [],
            withoutServerName: withoutServerName, protocols: protocols)
    }
}

enum TLSHostSection {
    static let profile = Field(
        "profile", .reference(to: "a TLS profile"), otherwise: "the listener's",
        "How to speak TLS under this name and what to ask of clients.")

    static let type = ValueType.record(
        "a host", [profile.row] + CertificateKeys.rows + [ListenerTLSSection.certificates.row],
        rules: [.atLeastOne, .atMostOne(CertificateKeys.alternatives), CertificateKeys.pair]
    ) { record -> TLSHostDraft? in
        let profile = record[profile]
        return record.certificates(and: ListenerTLSSection.certificates).map {
            TLSHostDraft(host: .any, profile: profile, certificates: $0, isSound: record.isSound)
        }
    }
}

extension RecordReader {
    /// The one certificate of the mapping and then those of its list; nil when some are bad.
    fileprivate func certificates(
        and field: Field<[Located<ServerCertificate>]>
    ) -> [Located<ServerCertificate>]? {
        let first = CertificateKeys.read(self)
        let given = entries.first { CertificateKeys.alternatives.contains($0.key) }
        let further = self[field]
        if first == nil && given != nil || further == nil && has(field.row.name) { return nil }
        let own = first.map { Located(value: $0, span: given?.keySpan ?? span, path: path) }
        return [own].compactMap(\.self) + (further?.value ?? [])
    }
}

extension ValueType<[Located<TLSHostDraft>]> {
    /// A mapping from server names to their rules, in the order of the file.
    static func hosts() -> ValueType {
        let host = ValueType<HostPattern>.host()
        let rules = TLSHostSection.type
        return ValueType(shape: .named(rules.shape, noun: "host", pattern: HostKey.pattern)) { node, path, session in
            guard case .mapping(let entries) = node.content else {
                session.report(
                    .wrongType, "expected a mapping from server names to rules, found \(node.kindInWords)",
                    at: node.span, path: path)
                return nil
            }
            if entries.count > HostKey.maximum {
                session.report(
                    .outOfRange, "there are \(entries.count) hosts", at: node.span, label: "at most \(HostKey.maximum)",
                    path: path)
                return nil
            }
            let read = entries.map { entry -> Located<TLSHostDraft>? in
                let inner = path.key(entry.key)
                if entry.key == "*" {
                    session.report(
                        .malformedValue, "\"*\" is no server name", at: entry.keySpan,
                        help: ["set the rules for every other name on the listener itself"], path: inner)
                    return nil
                }
                let name = DocumentNode(
                    content: .text(entry.key, isPlain: false), span: entry.keySpan, weight: 1)
                let pattern = host.decode(name, inner, session)
                guard var draft = rules.decodePresent(entry.value, inner, session), let pattern else { return nil }
                draft.host = pattern
                return Located(value: draft, span: entry.keySpan, path: inner)
            }
            return read.contains { $0 == nil } ? nil : read.compactMap(\.self)
        } text: { _ in
            "{}"
        }
    }
}

enum HostKey {
    static let pattern = #"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"#
    static let maximum = 1000
}

extension ConfigurationCheck {
    func listenerTLS(_ draft: ListenerTLSDraft, _ profiles: [String: TLSProfile]) -> ListenerTLS {
        if let profile = draft.profile { checkProfile(profile) }
        let profile = draft.profile?.value ?? Builtin.profile
        reportRepeated(draft.certificates)
        for host in draft.hosts {
            if let profile = host.value.profile { checkProfile(profile) }
            reportRepeated(host.value.certificates)
        }
        for certificate in draft.certificates + draft.hosts.flatMap(\.value.certificates) { checkACME(certificate) }
        reportHosts(draft, profiles)
        let certificates = draft.certificates.map(\.value)
        return ListenerTLS(
            profile: profile, certificate: certificates[0], furtherCertificates: Array(certificates.dropFirst()),
            hosts: draft.hosts.map {
                TLSHost(
                    host: $0.value.host, profile: $0.value.profile?.value ?? profile,
                    certificates: $0.value.certificates.map(\.value))
            }, withoutServerName: draft.withoutServerName, protocols: draft.protocols)
    }

    private func checkProfile(_ name: Located<String>) {
        let known = self.draft.profiles.map { $0.map(\.name) + [Builtin.profile] }
        reference(name, to: "a TLS profile", known: known, section: "tlsProfiles")
    }

    private func reportRepeated(_ certificates: [Located<ServerCertificate>]) {
        var seen: [ServerCertificate: Span] = [:]
        for certificate in certificates {
            guard let first = seen.updateValue(certificate.span, forKey: certificate.value) else { continue }
            session.report(
                .repeatedElement, "the same certificate stands twice", at: certificate.span, label: "again here",
                path: certificate.path, related: (first, "first here"))
        }
    }
}
