/// What a policy demands, line by line, for `check --policies`.
enum PolicyWords {
    static func lines(_ policy: Policy) -> [(name: String, words: String)] {
        (demands(policy) + changes(policy)).compactMap { name, words in words.map { (name, $0) } }
            + policy.rateLimits.map { ("rate limit \($0.name)", $0.words) }
    }

    private static func demands(_ policy: Policy) -> [(String, String?)] {
        [
            ("body", policy.body.map(SizeText.text)),
            ("response body", policy.responseBody.map(SizeText.text)),
            ("addresses", policy.addresses.map(addresses)),
            ("methods", policy.methods?.joined(separator: ", ")),
            ("maintenance", policy.maintenance.map(maintenance)),
            ("token", policy.jwt.map(token)),
            ("introspection", policy.introspection.map(token)),
            ("API key", policy.needsAPIKey ? "one that is good" : nil),
            ("when", policy.when?.text),
            ("deny", policy.deny?.text),
            ("consult", policy.consult.map(consult)),
        ]
    }

    private static func changes(_ policy: Policy) -> [(String, String?)] {
        [
            ("request fields", changes(policy.request)),
            ("response fields", changes(policy.response)),
            ("cors", policy.cors.map(crossOrigin)),
        ]
    }

    private static func token(_ policy: TokenPolicy) -> String {
        "of \(policy.issuer) for \(policy.audiences.joined(separator: ", "))"
            + (policy.boundToCertificate ? ", bound to the client's certificate" : "")
            + (policy.introspection.map { ", asked about at \($0.url)" } ?? "")
            + (policy.passOn ? ", passed on to the upstream" : "")
    }

    private static func addresses(_ addresses: AddressPolicy) -> String {
        let allow = addresses.allow.map { "only " + list($0) }
        let deny = addresses.deny.isEmpty ? nil : "never " + list(addresses.deny)
        return [allow, deny].compactMap(\.self).joined(separator: "; ")
    }

    private static func list(_ ranges: [AddressRange]) -> String {
        let shown = ranges.prefix(8).map(\.text).joined(separator: ", ")
        return ranges.count > 8 ? "\(shown) and \(ranges.count - 8) more" : shown
    }

    private static func maintenance(_ maintenance: Maintenance) -> String {
        let except = maintenance.except.isEmpty ? "" : ", but not for \(list(maintenance.except))"
        return "503 for everyone\(except), retry after \(DurationText.text(maintenance.retryAfter))"
    }

    /// Names only: a value may be long.
    private static func changes(_ changes: FieldChanges) -> String? {
        let parts = [
            changes.remove.isEmpty ? nil : "remove " + changes.remove.joined(separator: ", "),
            changes.set.isEmpty ? nil : "set " + changes.set.map(\.name).joined(separator: ", "),
            changes.add.isEmpty ? nil : "add " + changes.add.map(\.name).joined(separator: ", "),
            changes.missing.isEmpty ? nil : "default " + changes.missing.map(\.name).joined(separator: ", "),
        ].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private static func consult(_ consult: ExternalAuthorization) -> String {
        "\(consult.upstream)\(consult.path) within \(DurationText.text(consult.timeout)); "
            + (consult.whenUnavailable == .refuse ? "refuse" : "allow") + " when it does not answer"
            + (consult.send.isEmpty ? "; it sees no field" : "; it sees " + consult.send.joined(separator: ", "))
            + (consult.take.isEmpty ? "" : "; the upstream gets its " + consult.take.joined(separator: ", "))
    }

    private static func crossOrigin(_ cors: CrossOrigin) -> String {
        let origins =
            switch cors.origins {
            case .any: "pages of every origin"
            case .listed(let origins): "pages of " + origins.joined(separator: ", ")
            }
        let parts = [
            origins, "methods " + cors.methods.joined(separator: ", "),
            cors.headers.isEmpty ? nil : "fields " + cors.headers.joined(separator: ", "),
            cors.expose.isEmpty ? nil : "may read " + cors.expose.joined(separator: ", "),
            cors.credentials ? "with credentials" : nil, "remembered for \(DurationText.text(cors.maxAge))",
        ]
        return parts.compactMap(\.self).joined(separator: "; ")
    }
}
