import SallyportModel

struct CrossOriginDraft: Sendable {
    var policy: CrossOrigin
    var credentials: Located<Bool>?
}

/// `cors` of a policy.
enum CrossOriginSection {
    static let origins = Field(
        "origins", .list(of: .origin(), count: 1...1000), required: true,
        """
        Origins whose pages may read responses: `https://www.example.org`, `https://*.example.org` for one label in \
        front, or `"*"` alone for all.
        """,
        danger: "Pages of these origins act with the rights of whoever looks at them.")
    static let methods = Field(
        "methods", .list(of: .method(), count: 1...64), otherwise: "[GET, HEAD, POST]", "Methods that pages may use.")
    static let headers = Field(
        "headers", .list(of: .fieldName(), count: 1...64), otherwise: "none",
        "Request fields that pages may set, beside those that need no leave.")
    static let expose = Field(
        "expose", .list(of: .fieldName(), count: 1...64), otherwise: "none",
        "Response fields that pages may read, beside those that need no leave.")
    static let credentials = Field(
        "credentials", .isTrue(), otherwise: "they are not sent",
        "Whether browsers send cookies and client certificates along.",
        danger: "Not possible for all origins; name each.")
    static let maxAge = DefaultedField(
        "maxAge", .duration(.seconds(0)...(.seconds(86_400))), default: .seconds(600),
        "How long a browser may remember the answer to a preflight request.")

    static let type = ValueType.record(
        "`cors`", [origins.row, methods.row, headers.row, expose.row, credentials.row, maxAge.row]
    ) { record -> CrossOriginDraft? in
        let origins = record[origins]?.value.map(\.value)
        var policy = CrossOrigin(origins: origins == ["*"] ? .any : .listed(origins ?? []))
        if let methods = record[methods]?.value.map(\.value) { policy.methods = methods }
        policy.headers = record[headers]?.value.map(\.value) ?? []
        policy.expose = record[expose]?.value.map(\.value) ?? []
        let credentials = record[credentials]
        policy.credentials = credentials?.value ?? false
        policy.maxAge = record[maxAge]
        return origins == nil ? nil : CrossOriginDraft(policy: policy, credentials: credentials)
    }
}

extension ConfigurationCheck {
    /// A response has one answer for browsers, and of two policies neither can be the stricter one in everything.
    func refuseTwoCrossOrigins(_ names: [String], _ places: [Located<String>]) {
        let answering = ([Policy.baseline] + names).filter { name in
            draft.policies?.first { $0.name == name }?.value?.cors != nil
        }
        guard answering.count > 1, let place = places.first(where: { $0.value == answering.last }) else { return }
        session.report(
            .conflictingKeys, "`\(answering[0])` and `\(answering[1])` both have `cors`", at: place.span,
            label: "one of a route's policies may answer for browsers", path: place.path)
    }

    func crossOrigin(_ draft: Located<CrossOriginDraft>) -> CrossOrigin {
        let policy = draft.value.policy
        if case .listed(let origins) = policy.origins, origins.contains("*") {
            session.report(
                .conflictingKeys, "`\"*\"` is every origin, so nothing else may stand beside it", at: draft.span,
                path: draft.path)
        }
        if policy.origins == .any, policy.credentials, let place = draft.value.credentials {
            session.report(
                .conflictingKeys, "credentials for every origin would let any page act as whoever looks at it",
                at: place.span, help: ["name the origins"], path: place.path)
        }
        return policy
    }
}

extension ValueType<String> {
    /// An origin as browsers write it (RFC 6454 §6.2): scheme, host, and a port that is not the scheme's own.
    static func origin() -> ValueType {
        let shape = ScalarShape(
            words: "an origin such as https://www.example.org", pattern: "\\*|https?://[^/]+",
            examples: ["https://www.example.org", "\"https://*.example.org\""])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let label = "such as https://www.example.org"
            if text == "*" { return text }
            guard let separator = text.range(of: "://"), ["https", "http"].contains(text[..<separator.lowerBound]) else {
                throw ValueError(message: "\"\(text)\" is no origin", label: label)
            }
            let scheme = text[..<separator.lowerBound]
            let authority = text[separator.upperBound...]
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let host = String(parts[0])
            let name = host.hasPrefix("*.") ? String(host.dropFirst(2)) : host
            guard HostText.isName(name) || HostText.isIPv4(name), name == host || name.contains("."),
                text == text.lowercased()
            else {
                throw ValueError(message: "\"\(text)\" is no origin", label: label, help: ["letters in lower case, no path"])
            }
            if parts.count == 2 {
                let port = try PortText.parse(String(parts[1]))
                if (scheme == "https" && port == 443) || (scheme == "http" && port == 80) {
                    throw ValueError(
                        message: "browsers leave the port of the scheme away", label: label,
                        help: ["write \(scheme)://\(host)"])
                }
            }
            return text
        }
    }
}
