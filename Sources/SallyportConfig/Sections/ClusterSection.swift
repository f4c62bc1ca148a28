import SallyportModel

/// What gateways share.
struct ClusterDraft: Sendable {
    var server: Located<ClusterServerDraft>
}

struct ClusterServerDraft: Sendable {
    var address: ClusterAddress
    var username: String?
    var password: SecretReference?
    var tls: Located<UpstreamTLSDraft>?
    var because = Because(text: nil, isGiven: false)
}

enum ClusterSection {
    static let valkey = Field(
        "valkey", .clusterServer(), required: true,
        "The Valkey or Redis server that gateways count in, as a URL or as a mapping with more about it.",
        danger: "Whoever can write to it decides about the limits of the cluster.")

    static let type = ValueType.record("`cluster`", [valkey.row]) { record in
        record[valkey].map { ClusterDraft(server: $0) }
    }
}

enum ClusterServerSection {
    static let url = Field(
        "url", .clusterAddress(), required: true,
        "The server; valkeys and rediss are with TLS, valkey and redis without.")
    static let username = Field(
        "username", .text("a user name", examples: ["sallyport"], maximum: 128), otherwise: "the user `default`",
        "The user to log in as.")
    static let password = Field(
        "password", .secret(examples: ["file:secrets/valkey", "credential:valkey", "env:VALKEY_PASSWORD"]),
        otherwise: "no login", "The user's password, as a reference.")
    static let tls = Field(
        "tls", UpstreamTLSSection.type, otherwise: "verified against the roots of the operating system",
        "How the server is verified and what is shown to it.")
    static let because = Because.field("when the server is on another machine and the URL is without TLS")

    static let type = ValueType.record(
        "`valkey`", [url.row, username.row, password.row, tls.row, because.row]
    ) { record -> ClusterServerDraft? in
        let (username, password, tls) = (record[username]?.value, record[password]?.value, record[tls])
        let because = record.because(because)
        guard let address = record[url]?.value else { return nil }
        return ClusterServerDraft(
            address: address, username: username, password: password, tls: tls, because: because)
    }
}

extension ConfigurationCheck {
    mutating func cluster() -> ClusterStore? {
        guard let server = draft.cluster?.value.server else { return nil }
        let (address, tls) = (server.value.address, server.value.tls?.value)
        for name in tls?.trust ?? [] { authority(name) }
        if let place = server.value.tls, !address.isSecured {
            session.warn(
                .withoutEffect, "the URL is without TLS", at: place.span, help: ["write valkeys:// to use it"],
                path: place.path)
        }
        accept(
            address.isSecured || address.isLocal ? nil : "limits and the password travel unencrypted",
            server.value.because, path: server.path, at: server.span,
            fix: "write valkeys://\(address.authority), or say with `because` why not")
        let settings = UpstreamTLS(
            trust: tls?.trust.map(\.value) ?? [], name: tls?.name, uri: tls?.uri, pins: tls?.pins ?? [],
            present: tls?.present)
        return ClusterStore(
            host: address.host, port: address.port, tls: address.isSecured ? settings : nil,
            username: server.value.username, password: server.value.password)
    }
}
