import SallyportPKI

/// What happened on a connection, step by step, for people (`picture`) and for scripts (`Encodable`).
///
/// Text that a peer controls is made printable and cut when a fact is made of it; the number of facts is bounded by
/// whoever makes them.
package struct Timeline: Sendable, Hashable, Encodable {
    package var steps: [Step] = []

    package struct Step: Sendable, Hashable {
        /// For scripts, such as `clientHello`.
        package var name: String
        /// Since the timeline's first step; nil when it is not known.
        package var microseconds: UInt32?
        package var mark: Mark
        package var title: String
        package var facts: [Fact] = []
        /// Lines of a verdict tree below the facts; not part of the JSON form, which has the tree itself.
        package var verdict: [String] = []

        package init(
            _ name: String, at microseconds: UInt32?, mark: Mark = .plain, _ title: String, _ facts: [Fact] = []
        ) {
            self.name = name
            self.microseconds = microseconds
            self.mark = mark
            self.title = title
            self.facts = facts
        }
    }

    package enum Mark: String, Sendable, Hashable, Encodable {
        case plain, passed, failed
    }

    /// One line of a step: what it is called, and its value or values.
    package struct Fact: Sendable, Hashable {
        package let label: String
        package let value: Value

        package enum Value: Sendable, Hashable {
            case text(String)
            case list([String])
        }

        /// - Parameter text: at most 1,000 characters of it are kept, the invisible ones as numbers.
        package init(_ label: String, _ text: String) {
            self.label = label
            value = .text(PrintableText.make(text, limit: 1000))
        }

        /// More values than this are counted and left out.
        private static let maximum = 24

        package init(_ label: String, _ values: [String]) {
            var shown = values.prefix(Self.maximum).map { PrintableText.make($0, limit: 256) }
            if values.count > Self.maximum { shown.append("and \(values.count - Self.maximum) more") }
            self.label = label
            value = .list(shown)
        }

        /// The label as a key: `server name` is `serverName`.
        var key: String {
            let words = label.split(separator: " ")
            let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
            return (words.first.map { $0.lowercased() } ?? "") + rest.joined()
        }

        /// As one line.
        package var text: String {
            switch value {
            case .text(let text): text
            case .list(let values): values.isEmpty ? "none" : values.joined(separator: ", ")
            }
        }
    }
}

extension Timeline.Fact.Value: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .list(let values): try container.encode(values)
        }
    }
}

extension Timeline.Step: Encodable {
    private enum Key: String, CodingKey { case step, microseconds, mark, title, facts }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .step)
        try container.encodeIfPresent(microseconds, forKey: .microseconds)
        try container.encode(mark, forKey: .mark)
        try container.encode(title, forKey: .title)
        let facts = Dictionary(facts.map { ($0.key, $0.value) }) { first, _ in first }
        if !facts.isEmpty { try container.encode(facts, forKey: .facts) }
    }
}
