/// Who is not served.
package enum BanSubject: Hashable, Sendable {
    case network(AddressNetwork)
    /// A name that an identity bears; of one without a name its subject.
    case identity(String)

    /// Longest name, bytes.
    package static let longestName = 512

    /// What people write: an address, a network, or a name. Nil when it is empty, too long, has characters that do not
    /// print, or looks like an address and is none: a typing error must not become a ban of nobody.
    package init?(_ text: String) {
        if let network = AddressNetwork(text) {
            self = .network(network)
            return
        }
        guard Ban.isLine(text, upTo: Self.longestName), !Self.looksLikeAddress(text) else { return nil }
        self = .identity(text)
    }

    /// An identity. Nil for a name that `init(_:)` would not take for one.
    package init?(identity name: String) {
        guard let subject = BanSubject(name), case .identity = subject else { return nil }
        self = subject
    }

    private static func looksLikeAddress(_ text: String) -> Bool {
        let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
        let isOfVersion4 = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e || $0 == 0x2f }
        let isOfVersion6 = text.utf8.allSatisfy { byte in
            (0x2e...0x3a).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
        }
        return isOfVersion4 && (text.contains(".") || text.contains("/")) || isOfVersion6 && colons >= 2
    }

    package var text: String {
        switch self {
        case .network(let network): network.text
        case .identity(let name): name
        }
    }
}

/// One who is not served, until when, and why.
package struct Ban: Hashable, Sendable {
    package enum Source: String, Sendable, CaseIterable { case manual, automatic }

    package let subject: BanSubject
    /// Seconds since 1970.
    package let since: Int64
    /// Seconds since 1970; nil until it is lifted.
    package let until: Int64?
    /// In the words of whoever added it.
    package let because: String
    package let source: Source
    /// Of an automatic one: how often in a row, this one included.
    package let times: Int

    /// Longest `because`, bytes.
    package static let longestWords = 512

    package init(
        _ subject: BanSubject, since: Int64, until: Int64?, because: String, source: Source, times: Int = 1
    ) {
        self.subject = subject
        self.since = since
        self.until = until
        self.because = because
        self.source = source
        self.times = times
    }

    /// Whether a text can stand in a list as it is: something, within bytes, and nothing that a terminal acts on.
    package static func isLine(_ text: String, upTo bytes: Int = Self.longestWords) -> Bool {
        guard !text.isEmpty, text.utf8.count <= bytes else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
            default: true
            }
        }
    }

    package func holds(at now: Int64) -> Bool { until.map { now < $0 } ?? true }
}
