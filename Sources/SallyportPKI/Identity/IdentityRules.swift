import SallyportConfig
import SallyportModel

/// The `identities` section, applied to a verified chain.
///
/// Everything is compared byte for byte, never by Unicode equivalence and never case by case: what the authority wrote
/// is what the operator must have written. Only DNS names are in lower case, on both sides.
package struct IdentityRules: Sendable {
    private let rules: [IdentityRule]

    private let groups: IdentityGroups

    package init(_ rules: [IdentityRule], groups: IdentityGroups = IdentityGroups()) {
        self.rules = rules
        self.groups = groups
    }

    /// The names that the certificate satisfies, in the order of the file; may be empty.
    ///
    /// A client of the built-in authority goes by its common name even when no rule says so. A rule of that name takes
    /// its place, so that writing a rule can only narrow who may use a name. The name of a group is nobody's.
    package func names(for chain: VerifiedChain) -> [String] {
        var names: [String] = []
        for rule in rules where !rule.needsCredentials && Self.rule(rule, holdsFor: chain.facts, of: chain.authority) {
            if !names.contains(where: { $0.hasSameBytes(as: rule.name) }) { names.append(rule.name) }
        }
        if let implicit = implicitName(of: chain) { names.append(implicit) }
        return names
    }

    /// The identity of a verified chain; the only way to make one outside tests.
    package func identity(for chain: VerifiedChain) -> Identity {
        Identity(
            names: names(for: chain), certificate: chain.facts, authority: chain.authority,
            intermediates: chain.intermediates)
    }

    private func implicitName(of chain: VerifiedChain) -> String? {
        guard chain.authority.hasSameBytes(as: Builtin.authority), let name = chain.facts.commonName,
            !rules.contains(where: { $0.name.hasSameBytes(as: name) }), !groups.contains(name)
        else { return nil }
        return name
    }

    /// Whether the part of the rule that speaks of certificates holds; false when it has none.
    package static func rule(_ rule: IdentityRule, holdsFor facts: CertificateFacts, of authority: String) -> Bool {
        let conditions: [Bool?] = [
            rule.commonName.map { facts.commonName?.hasSameBytes(as: $0) == true },
            rule.uri.map { pattern in facts.uris.contains { uri($0, matches: pattern) } },
            rule.dns.map { pattern in facts.dnsNames.contains { dns($0, matches: pattern) } },
            rule.email.map { wanted in facts.emails.contains { $0.hasSameBytes(as: wanted) } },
            rule.organization.map { wanted in facts.organizations.contains { $0.hasSameBytes(as: wanted) } },
            rule.organizationalUnit.map { wanted in facts.organizationalUnits.contains { $0.hasSameBytes(as: wanted) }
            },
            rule.fingerprint.map { $0 == facts.fingerprint },
            rule.issuer.map { authority.hasSameBytes(as: $0) },
        ]
        let given = conditions.compactMap(\.self)
        return !given.isEmpty && given.allSatisfy(\.self)
    }

    /// `prefix/*` is everything below `prefix/`, without dot segments, query or fragment in it: a reader that resolves
    /// those could take the name for one outside the prefix.
    package static func uri(_ uri: String, matches pattern: String) -> Bool {
        guard pattern.utf8.suffix(2).elementsEqual("/*".utf8) else { return uri.hasSameBytes(as: pattern) }
        let prefix = pattern.utf8.dropLast()
        guard uri.utf8.starts(with: prefix) else { return false }
        let rest = uri.utf8.dropFirst(prefix.count)
        guard !rest.isEmpty, !rest.contains(where: { "?#%\\".utf8.contains($0) }) else { return false }
        return rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
        }
    }

    /// A wildcard in a certificate names a set of hosts and nobody in it, so it matches no rule.
    private static func dns(_ name: String, matches pattern: String) -> Bool {
        guard !name.utf8.starts(with: "*".utf8) else { return false }
        let pattern = String(decoding: pattern.utf8.map(\.asciiLowercased), as: UTF8.self)
        guard pattern.utf8.starts(with: "*.".utf8) else { return name.hasSameBytes(as: pattern) }
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else { return false }
        return dot != name.utf8.startIndex && name.utf8[dot...].elementsEqual(pattern.utf8.dropFirst())
    }
}

extension String {
    /// `==` on strings calls different spellings of one Unicode text equal; names in certificates must not be.
    fileprivate func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
