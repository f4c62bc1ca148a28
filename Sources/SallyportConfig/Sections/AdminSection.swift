import SallyportModel

struct AdminDraft: Sendable {
    var address: Located<SocketAddressText>?
    var admins: [Located<String>]
    var because: Because
    var span: Span
    var path: KeyPath
}

enum AdminSection {
    enum Login: String, Sendable, CaseIterable { case clientCertificate }

    static let defaultAddress = SocketAddressText(host: "127.0.0.1", port: 9443)
    static let address = DefaultedField(
        "address", .address(), default: defaultAddress, "Where the admin listener listens.",
        danger: "Beyond loopback everyone on the network can try the door; that needs `because`.")
    static let login = Field(
        "login", .list(of: .choice(noun: "way to log in") as ValueType<Login>), otherwise: "[clientCertificate]",
        "How an admin proves who it is.")
    static let admins = Field(
        "admins", .list(of: .reference(to: "an identity")), required: true, "The identities and groups that may use it.")
    static let because = Because.field("when `address` is not a loopback address")

    static let type = ValueType.record(
        "`admin`", [address.row, login.row, admins.row, because.row]
    ) { record -> AdminDraft? in
        _ = record[login]
        return AdminDraft(
            address: record.located(address), admins: record[admins]?.value ?? [], because: record.because(because),
            span: record.span, path: record.path)
    }
}

extension ConfigurationCheck {
    mutating func admin() -> Admin? {
        guard let admin = draft.admin else { return nil }
        let address = admin.address?.value ?? AdminSection.defaultAddress
        let isExposed = !HostText.isLoopback(address.host)
        accept(
            isExposed ? "the admin listener is open to the network at \(address.text)" : nil, admin.because,
            path: admin.path, at: admin.address?.span ?? admin.span,
            fix: "add `because: \"…\"` to `admin`, or use 127.0.0.1:\(address.port)")
        let names = admin.admins.map { name in
            identityOrGroup(name, trustsBuiltin: true)
            return name.value
        }
        return Admin(address: address, admins: names)
    }
}
