/// Who may get which certificate by ACME. What is not listed is refused.
package struct ACMEPolicy: Sendable {
    /// By key identifier. The identifier is also the name of the client that its certificates make.
    package var externalAccounts: [String: ACMEGrant]
    /// In the order in which they are offered; at least one.
    package var challenges: [ACMEChallengeType]
    /// Orders of one account in an hour.
    package var ordersPerHour: Int

    package init(externalAccounts: [String: ACMEGrant], challenges: [ACMEChallengeType], ordersPerHour: Int) {
        self.externalAccounts = externalAccounts
        self.challenges = challenges
        self.ordersPerHour = ordersPerHour
    }
}

/// What the accounts of one external account may have. Its text form leaves the key out.
package struct ACMEGrant: Sendable, CustomStringConvertible, CustomReflectable {
    /// The MAC key. A secret.
    package var secret: [UInt8]
    package var names: [NamePattern]
    package var usages: Set<IssuedKind>
    /// Every certificate lives this long.
    package var lifetime: Duration

    package init(secret: [UInt8], names: [NamePattern], usages: Set<IssuedKind>, lifetime: Duration) {
        self.secret = secret
        self.names = names
        self.usages = usages
        self.lifetime = lifetime
    }

    package var description: String { "grant of \(usages.count) usages for \(names.count) names" }
    package var customMirror: Mirror { Mirror(self, children: ["names": names, "usages": usages, "lifetime": lifetime]) }
}

/// A DNS name, or `*.` and a name: one label in front of it.
package struct NamePattern: Sendable, Hashable {
    private let text: String

    /// - Parameter text: lower-case, as the configuration has checked it.
    package init(_ text: String) { self.text = text }

    /// - Parameter name: lower-case, without wildcard.
    func covers(_ name: String) -> Bool {
        guard text.hasPrefix("*.") else { return text == name }
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")), dot != name.utf8.startIndex else { return false }
        return name.utf8[dot...].elementsEqual(text.utf8.dropFirst())
    }
}

/// How control of a name is proved.
package enum ACMEChallengeType: String, Sendable, Codable, CaseIterable {
    /// RFC 8555 section 8.3.
    case http = "http-01"
    /// RFC 8737.
    case tlsALPN = "tls-alpn-01"
}
