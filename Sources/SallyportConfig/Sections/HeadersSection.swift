import SallyportModel

struct HeadersDraft: Sendable {
    var request = ChangesDraft()
    var response = ChangesDraft()
}

struct ChangesDraft: Sendable {
    var remove: [Located<String>] = []
    var set: Located<[HeaderMatch]>?
    var add: Located<[HeaderMatch]>?
    var missing: Located<[HeaderMatch]>?
}

/// `headers` of a policy.
enum HeadersSection {
    static let request = Field(
        "request", FieldChangesSection.type, otherwise: "nothing is changed",
        "Changes what the upstream gets to see.")
    static let response = Field(
        "response", FieldChangesSection.type, otherwise: "nothing is changed",
        "Changes what the client gets to see; `set` and `add` hold for the gateway's own replies, too.")

    static let type = ValueType.record("`headers`", [request.row, response.row], rules: [.atLeastOne]) { record in
        HeadersDraft(
            request: record[request]?.value ?? ChangesDraft(), response: record[response]?.value ?? ChangesDraft())
    }
}

enum FieldChangesSection {
    static let remove = Field(
        "remove", .list(of: .fieldName(), count: 1...64), otherwise: "none", "Fields that go no further.")
    static let set = Field(
        "set", .headerMatches(), otherwise: "none", "Fields in place of whatever has their names.")
    static let add = Field(
        "add", .headerMatches(), otherwise: "none", "Fields beside whatever has their names.")

    static let missing = Field(
        "default", .headerMatches(), otherwise: "none", "Fields for where nothing has their names.")

    static let type = ValueType.record(
        "changes of fields", [remove.row, set.row, add.row, missing.row], rules: [.atLeastOne]
    ) { record in
        ChangesDraft(
            remove: record[remove]?.value ?? [], set: record[set], add: record[add], missing: record[missing])
    }
}

extension ConfigurationCheck {
    /// What one hop says to the next, or what only the gateway knows; lower-case.
    private static let connectionFields: Set<String> = [
        "connection", "content-length", "expect", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]
    private static let requestFields: Set<String> = [
        "client-cert", "client-cert-chain", "forwarded", "host", "max-forwards", "via", "x-forwarded-client-cert",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-request-id",
    ]
    private static let responseFields: Set<String> = ["content-encoding", "date"]

    func changes(_ draft: ChangesDraft, isRequest: Bool) -> FieldChanges {
        for name in draft.remove { refuseOwnField(name.value, at: name.span, name.path, isRequest: isRequest) }
        for fields in [draft.set, draft.add, draft.missing].compactMap(\.self) {
            for field in fields.value {
                refuseOwnField(field.name, at: fields.span, fields.path.key(field.name), isRequest: isRequest)
            }
        }
        return FieldChanges(
            remove: draft.remove.map(\.value), set: draft.set?.value ?? [], add: draft.add?.value ?? [],
            missing: draft.missing?.value ?? [])
    }

    func refuseOwnField(_ name: String, at span: Span, _ path: KeyPath, isRequest: Bool) {
        let own = isRequest ? Self.requestFields : Self.responseFields
        guard Self.connectionFields.contains(name) || own.contains(name) else { return }
        session.report(
            .fieldOfTheGateway, "`\(name)` is written by the gateway itself", at: span,
            label: "can't be changed", path: path)
    }
}

extension ValueType<String> {
    /// A field name, given in lower case to whoever asks (RFC 9110 §5.1).
    static func fieldName() -> ValueType {
        let shape = ScalarShape(
            words: "a field name such as x-debug", pattern: "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}", examples: ["x-debug"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            guard FieldName.isToken(text) else {
                throw ValueError(message: "\"\(text)\" is no field name", label: "such as x-debug")
            }
            return text.lowercased()
        }
    }
}

enum FieldName {
    private static let marks = Set("!#$%&'*+-.^_`|~".utf8)

    /// RFC 9110 §5.6.2, and no longer than anyone has use for.
    static func isToken(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: marks.contains(byte)
                }
            }
    }
}
