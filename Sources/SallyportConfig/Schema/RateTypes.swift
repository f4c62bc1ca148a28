import SallyportModel

extension ValueType<Rate> {
    /// `100/s`, `1000/min`, `50000/hour`, `1/day`, `1000000/month`, `10MiB/s`.
    static func rate() -> ValueType {
        let shape = ScalarShape(
            words: "a rate such as 100/s, 1000/min or 10MiB/s", range: "1/month … 1000000000000/s",
            pattern: "[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)?/(s|min|hour|day|month)",
            examples: ["100/s", "1000/min", "50000/hour", "1000000/month", "10MiB/s"])
        return .scalar(shape, text: \.text) { text throws(ValueError) in try Rate(parsing: text) }
    }
}

extension Rate {
    /// As it stands in a file.
    package var text: String {
        let shown = unit == .bytes ? SizeText.text(Int(clamping: amount)) : "\(amount)"
        return "\(shown)/\(period.rawValue)"
    }

    private static let form = "such as 100/s, 1000/min, 50000/hour, 1/day, 1000000/month or 10MiB/s"

    init(parsing text: String) throws(ValueError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw ValueError(reason: .rateMalformed, message: "\"\(text)\" is no rate", label: Self.form)
        }
        guard let period = Period(rawValue: String(parts[1])) else {
            throw Self.unknownPeriod(parts[1], amount: parts[0])
        }
        let isPlain = !parts[0].isEmpty && parts[0].utf8.allSatisfy { (0x30...0x39).contains($0) }
        let amount = isPlain ? Int(parts[0]) ?? .max : try SizeText.parse(String(parts[0]))
        guard (1...1_000_000_000_000).contains(amount) else {
            throw ValueError(reason: .outOfRange, message: "\(text) is out of range", label: "1 … 1000000000000")
        }
        self.init(UInt64(amount), per: period, isPlain ? .requests : .bytes)
    }

    private static func unknownPeriod(_ period: Substring, amount: Substring) -> ValueError {
        let usual: [String: Period] = [
            "sec": .second, "second": .second, "1s": .second, "m": .minute, "minute": .minute, "h": .hour, "d": .day,
            "mo": .month,
        ]
        return ValueError(
            reason: .rateMalformed, message: "\"\(period)\" is no time of a rate",
            label: "one of: " + Period.allCases.map(\.rawValue).joined(separator: ", "),
            help: usual[period.lowercased()].map { ["write \(amount)/\($0.rawValue)"] } ?? [])
    }
}

extension ValueType {
    /// One, or a list of them.
    static func single<Element>(
        orListOf element: ValueType<Element>, count: ClosedRange<Int>
    ) -> ValueType where Value == [Located<Element>] {
        let list = ValueType<[Located<Element>]>.list(of: element, count: count, unique: false)
        return ValueType(shape: .oneOrMore(element.shape, count: count)) { node, path, session in
            if case .list = node.content { return list.decode(node, path, session) }
            return element.decode(node, path, session).map { [Located(value: $0, span: node.span, path: path)] }
        } text: { values in
            values.count == 1 ? element.text(values[0].value) : list.text(values)
        }
    }
}

extension ValueType<RateLimit.Partition?> {
    private enum Word: String, CaseIterable { case identity, client, address, key, route, all }

    /// A word, or a mapping with the key `header` or `claim`; nil: all requests together.
    static func limitPartition() -> ValueType {
        let words = Word.allCases.map(\.rawValue)
        let record = PartitionSection.type
        let shape = ScalarShape(words: "one of: " + words.joined(separator: ", "), choices: words, examples: words)
        return ValueType(shape: .either(shape, record.shape)) { node, path, session in
            if case .mapping = node.content { return record.decode(node, path, session).map { .some($0) } }
            guard let text = singleText(node, shape, path, session) else { return nil }
            switch Word(rawValue: text) {
            case .identity: return .some(.identity)
            case .client: return .some(.client)
            case .address: return .some(.address)
            case .key: return .some(.key)
            case .route: return .some(.route)
            case .all: return .some(nil)
            case nil:
                session.report(.unknown("thing to count by", text, choices: words), at: node.span, path: path)
                return nil
            }
        } text: { partition in
            partition?.text ?? "all"
        }
    }
}

extension RateLimit.Partition {
    /// In words: `identity`, `header x-tenant`, `claim tenant`.
    package var text: String {
        switch self {
        case .identity: "identity"
        case .client: "client"
        case .address: "address"
        case .route: "route"
        case .header(let name): "header \(name)"
        case .claim(let name): "claim \(name)"
        case .key: "key"
        }
    }
}
