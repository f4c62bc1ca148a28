import SallyportConfig
import SallyportModel
import SallyportPolicy

// What a route's policies ask of whoever makes a request.
extension CompiledPolicy {
    /// Whether credentials of the request are looked at.
    package var asksForCredentials: Bool { !tokens.isEmpty || needsAPIKey }

    /// Every policy that asks for a token or key has got it. Asked at the door itself, whatever was checked before.
    func missingProof(_ caller: Caller) -> LocalReply? {
        if tokens.contains(where: { !Self.isProved($0, caller.token) }) || needsAPIKey && caller.key == nil {
            return BearerChallenge.reply(.credentialsRequired)
        }
        return nil
    }

    private static func isProved(_ policy: TokenPolicy, _ token: TokenFacts?) -> Bool {
        guard let token, token.issuer.utf8.elementsEqual(policy.issuer.utf8) else { return false }
        return token.audience.contains { audience in policy.audiences.contains { $0.utf8.elementsEqual(audience.utf8) }
        }
    }

    /// What `when` and `deny` say; only what holds opens, and only what fails does not close.
    func refusal(under circumstances: () -> Circumstances) -> LocalReply? {
        guard !conditions.isEmpty else { return nil }
        let circumstances = circumstances()
        for (condition, isDenial) in conditions {
            let outcome = condition.outcome(circumstances)
            if isDenial, outcome != .fails { return LocalReply(.conditionDenies) }
            if !isDenial, outcome != .holds { return LocalReply(.conditionNotMet) }
        }
        return nil
    }
}

/// The names of identities that need a token or key.
package enum CallerNames {
    /// The names of rules that hold for the caller, in the order of the file.
    /// - Parameter fits: whether the caller's certificate satisfies the part of the rule that speaks of certificates.
    package static func names(
        _ rules: [IdentityRule], for caller: Caller, fits: (IdentityRule, Identity) -> Bool
    ) -> [String] {
        rules.filter { rule in
            guard rule.needsCredentials, rule.token.map({ holds($0, for: caller.token) }) ?? true,
                rule.apiKey.map({ $0.utf8.elementsEqual(caller.key?.name.utf8 ?? "".utf8) }) ?? true
            else { return false }
            guard rule.needsCertificate else { return true }
            return caller.certificate.map { fits(rule, $0) } ?? false
        }.map(\.name)
    }

    private static func holds(_ rule: TokenIdentity, for token: TokenFacts?) -> Bool {
        guard let token, token.issuer.utf8.elementsEqual(rule.issuer.utf8) else { return false }
        if let audience = rule.audience, !token.audience.contains(where: { $0.utf8.elementsEqual(audience.utf8) }) {
            return false
        }
        return rule.claims.allSatisfy { has($0, token) }
    }

    private static func has(_ wanted: HeaderMatch, _ token: TokenFacts) -> Bool {
        if wanted.name == "scope" { return token.scope.contains { $0.utf8.elementsEqual(wanted.value.utf8) } }
        switch token.claims[path: [wanted.name]] {
        case .text(let text)?: return text.utf8.elementsEqual(wanted.value.utf8)
        case .list(let elements)?:
            return elements.contains { element in
                guard case .text(let text) = element else { return false }
                return text.utf8.elementsEqual(wanted.value.utf8)
            }
        default: return false
        }
    }
}
