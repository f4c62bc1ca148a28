import SallyportConfig
import SallyportModel
import SallyportPKI

/// Checks a token once more, in the order of `TokenVerifier` and with its very parts, and says what each of them found.
///
/// It is for people who want to know why; nothing is decided by it. It ends with the first fault.
package struct TokenTrial: Sendable {
    let rules: TokenRules
    /// Nil: there are none, for this reason.
    let keys: VerificationKeys?
    let whyNoKeys: String
    /// SHA-256 of the client's certificate, if it showed one.
    let certificate: [UInt8]?
    /// Seconds since 1970.
    let now: Int64

    package init(
        _ rules: TokenRules, keys: VerificationKeys?, whyNoKeys: String = "none has come yet", certificate: [UInt8]?,
        at now: Int64
    ) {
        self.rules = rules
        self.keys = keys
        self.whyNoKeys = whyNoKeys
        self.certificate = certificate
        self.now = now
    }

    /// - Parameter text: a token as a client sent it.
    package func steps(of text: [UInt8]) -> [TokenStep] {
        var steps: [TokenStep] = []
        let token: SignedToken
        do throws(TokenFault) { token = try SignedToken(text) } catch {
            return [TokenStep("form", RawToken(text).words(for: error), fault: error)]
        }
        steps.append(TokenStep("form", "three parts, signed with \(token.algorithm.rawValue)"))
        guard rules.algorithms.contains(token.algorithm) else {
            return steps + [TokenStep("algorithm", algorithmWords(token.algorithm.rawValue), fault: .algorithm)]
        }
        let claims: TokenClaims
        do throws(TokenFault) { claims = try TokenClaims(token.claims) } catch {
            return steps + [TokenStep("claims", RawToken(text).words(for: error), fault: error)]
        }
        steps += self.steps(of: claims)
        if steps.last?.fault != nil { return steps }
        return steps + signatureSteps(token)
    }

    /// The part that does not depend on a signature; of an introspected token there is nothing else.
    package func steps(of claims: TokenClaims) -> [TokenStep] {
        var steps: [TokenStep] = []
        let checks: [(name: String, () throws(TokenFault) -> Void)] = [
            ("issuer", { () throws(TokenFault) in try claims.checkIssuer(rules) }),
            ("audience", { () throws(TokenFault) in try claims.checkAudience(rules) }),
            ("time", { () throws(TokenFault) in try claims.checkTime(rules, at: now) }),
            ("binding", { () throws(TokenFault) in try claims.checkBinding(rules, certificate: certificate) }),
        ]
        for (name, check) in checks {
            do throws(TokenFault) {
                try check()
                steps.append(TokenStep(name, goodWords(name, claims)))
            } catch {
                return steps + [TokenStep(name, words(error, claims), fault: error)]
            }
        }
        return steps
    }

    private func signatureSteps(_ token: SignedToken) -> [TokenStep] {
        guard let keys else {
            return [
                TokenStep("key", "there are no keys of \(rules.issuer): \(whyNoKeys)", fault: .keysUnavailable)
            ]
        }
        let named = token.keyIdentifier.map { "key \(Self.shown($0))" } ?? "the only key that fits"
        let key: VerificationKey
        do throws(TokenFault) { key = try keys.key(token.keyIdentifier, for: token.algorithm) } catch {
            return [TokenStep("key", keyWords(token, keys), fault: error)]
        }
        let found = TokenStep("key", "\(named) of \(rules.issuer)")
        guard key.isSignature(token.signature, of: token.signingInput, by: token.algorithm) else {
            return [found, TokenStep("signature", "\(named) of \(rules.issuer) did not make it", fault: .signature)]
        }
        return [found, TokenStep("signature", "good")]
    }

    // MARK: words

    /// What a token says, cut and printable: whoever sent it may have chosen it.
    static func shown(_ text: String) -> String { "\"\(PrintableText.make(text, limit: 80))\"" }

    private static func shown(_ texts: some Sequence<String>) -> String {
        let list = Array(texts.prefix(5))
        let shown = list.prefix(4).map(Self.shown).joined(separator: ", ")
        return list.count > 4 ? shown + " and more" : shown
    }

    private func algorithmWords(_ name: String) -> String {
        "it is signed with \(name); the policy takes \(rules.algorithms.map(\.rawValue).sorted().joined(separator: ", "))"
    }

    private func keyWords(_ token: SignedToken, _ keys: VerificationKeys) -> String {
        let names = keys.keys.compactMap(\.identifier)
        let known = "\(rules.issuer) has \(keys.count) \(keys.count == 1 ? "key" : "keys")"
            + (names.isEmpty ? " without names" : ": \(Self.shown(names))")
        guard let identifier = token.keyIdentifier else {
            return "it names no key, and not just one fits \(token.algorithm.rawValue); \(known)"
        }
        return "no key \(Self.shown(identifier)) for \(token.algorithm.rawValue); \(known)"
    }

    private func goodWords(_ name: String, _ claims: TokenClaims) -> String {
        switch name {
        case "issuer": "\(rules.issuer)"
        case "audience": "\(Self.shown(claims.facts.audience))"
        case "time": "until \(CertificateTime.text(claims.facts.expires))"
        default: certificate == nil || !claims.isBound ? "to no certificate" : "to the client's certificate"
        }
    }

    private func words(_ fault: TokenFault, _ claims: TokenClaims) -> String {
        let apart = "clocks may be \(rules.skew) s apart"
        return switch fault {
        case .issuer: "it is of \(Self.shown(claims.facts.issuer)), wanted is \(Self.shown(rules.issuer))"
        case .audience:
            "it is for \(Self.shown(claims.facts.audience)), wanted is \(Self.shown(rules.audiences.sorted()))"
        case .expired:
            "it expired \(CertificateTime.duration(now - claims.facts.expires)) ago, at "
                + "\(CertificateTime.text(claims.facts.expires)); \(apart)"
        case .notYetValid:
            "it is good in \(CertificateTime.duration(claims.startsAt - now)), from "
                + "\(CertificateTime.text(claims.startsAt)); \(apart)"
        case .notBound: "it is bound to no certificate, and the policy wants it to be"
        case .boundElsewhere:
            certificate == nil
                ? "it is bound to a certificate, and the client has shown none"
                : "it is bound to another certificate than the client's"
        default: "\(fault.reason.explanation)"
        }
    }
}
