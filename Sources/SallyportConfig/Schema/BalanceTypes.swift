import SallyportModel

extension ValueType<Share> {
    /// `20%`, `2.5%`.
    static func share(_ range: ClosedRange<Share> = Share(percent: 0)...Share(percent: 100)) -> ValueType {
        let shown = "\(range.lowerBound.text) … \(range.upperBound.text)"
        let shape = ScalarShape(
            words: "a share such as 20%", range: shown, pattern: #"[0-9]{1,3}(\.[0-9]{1,2})?%"#, examples: ["20%", "2.5%"])
        return .scalar(shape, text: \.text) { text throws(ValueError) in
            let value = try Share(parsing: text)
            if range.contains(value) { return value }
            throw ValueError(reason: .outOfRange, message: "\(text) is out of range", label: shown)
        }
    }
}

extension Share: Comparable {
    package static func < (left: Share, right: Share) -> Bool { left.basisPoints < right.basisPoints }

    init(parsing text: String) throws(ValueError) {
        let digits = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard text.hasSuffix("%") else {
            throw ValueError(
                message: "\"\(text)\" is no share", label: "such as 20%",
                help: digits && !text.isEmpty ? ["write \(text)%"] : [])
        }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? parts[1] : "0"
        guard parts.count <= 2, let first = parts.first, (1...3).contains(first.count), (1...2).contains(rest.count),
            (first + rest).utf8.allSatisfy({ (0x30...0x39).contains($0) }), let whole = Int(first),
            let hundredths = Int(rest)
        else {
            throw ValueError(message: "\"\(text)\" is no share", label: "such as 20% or 2.5%")
        }
        self.init(basisPoints: whole * 100 + (rest.count == 1 ? hundredths * 10 : hundredths))
    }
}

extension ValueType<UpstreamTarget> {
    /// A URL, or a mapping with the URL and more about it.
    static func weightedTarget() -> ValueType {
        let plain = ValueType<UpstreamTarget>.target()
        guard case .scalar(let scalar) = plain.shape else { return plain }
        let record = TargetSection.type
        return ValueType(shape: .either(scalar, record.shape)) { node, path, session in
            guard case .mapping = node.content else { return plain.decode(node, path, session) }
            return record.decode(node, path, session)
        } text: {
            $0.url
        }
    }
}

extension ValueType<FailureKind> {
    /// `connect`, `reset`, `timeout` or a status.
    static func failure() -> ValueType {
        let words = ["connect", "reset", "timeout"]
        let shape = ScalarShape(
            words: "connect, reset, timeout or a status such as 503", pattern: "connect|reset|timeout|[45][0-9][0-9]",
            examples: words + ["\"503\""], json: .text)
        return .scalar(shape, text: \.text) { text throws(ValueError) in
            switch text {
            case "connect": return .connect
            case "reset": return .reset
            case "timeout": return .timeout
            default: break
            }
            if text.utf8.count == 3, let status = UInt16(text), (400...599).contains(status) { return .status(status) }
            throw ValueError.unknown("failure", text, choices: words + ["a status from 400 to 599"])
        }
    }
}

extension ValueType<ClosedRange<UInt16>> {
    /// `200` or `200-399`.
    static func statuses() -> ValueType {
        let shape = ScalarShape(
            words: "a status such as 200, or a range such as 200-399", pattern: "[1-5][0-9][0-9](-[1-5][0-9][0-9])?",
            examples: ["\"200\"", "200-399"], json: .text)
        return .scalar(shape) { range in
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        } parse: { text throws(ValueError) in
            let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { part in
                part.utf8.count == 3 ? UInt16(part) : nil
            }
            guard let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2,
                (200...599).contains(first), (first...599).contains(last)
            else {
                throw ValueError(message: "\"\(text)\" is no status and no range of statuses", label: "such as 200 or 200-399")
            }
            return first...last
        }
    }
}

extension ValueType<Balance.Method> {
    private enum Word: String, CaseIterable { case roundRobin, leastRequests, random2, hash }

    /// A word, or a mapping with the key `hash`.
    static func balanceMethod() -> ValueType {
        let words = Word.allCases.map(\.rawValue)
        let record = HashSection.type
        let shape = ScalarShape(words: "one of: " + words.joined(separator: ", "), choices: words, examples: words)
        return ValueType(shape: .either(shape, record.shape)) { node, path, session in
            if case .mapping = node.content { return record.decode(node, path, session) }
            guard let text = singleText(node, shape, path, session) else { return nil }
            switch Word(rawValue: text) {
            case .roundRobin: return .roundRobin
            case .leastRequests: return .leastRequests
            case .random2: return .random2
            case .hash: return .hash(.identity)
            case nil:
                session.report(.unknown("way to balance", text, choices: words), at: node.span, path: path)
                return nil
            }
        } text: {
            $0.word
        }
    }
}

extension Balance.Method {
    /// In one word; what a hash is of stands in `keyText`.
    package var word: String {
        switch self {
        case .roundRobin: "roundRobin"
        case .leastRequests: "leastRequests"
        case .random2: "random2"
        case .hash: "hash"
        }
    }
}

extension ValueType<Balance.HashKey> {
    static func hashKey() -> ValueType {
        let words = ["identity", "address"]
        let record = HashKeySection.type
        let shape = ScalarShape(words: "identity or address", choices: words, examples: words)
        return ValueType(shape: .either(shape, record.shape)) { node, path, session in
            if case .mapping = node.content { return record.decode(node, path, session) }
            guard let text = singleText(node, shape, path, session) else { return nil }
            switch text {
            case "identity": return .identity
            case "address": return .address
            default:
                session.report(.unknown("key to hash", text, choices: words), at: node.span, path: path)
                return nil
            }
        } text: { _ in
            "identity"
        }
    }
}

extension ValueType<String> {
    /// The name of a request field or cookie; lower-case where letter case makes no difference.
    static func token(_ words: String, lowercased: Bool) -> ValueType {
        let shape = ScalarShape(words: words, pattern: "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}", examples: ["x-user"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let marks = Array("!#$%&'*+-.^_`|~".utf8)
            let isToken = text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || marks.contains(byte)
            }
            guard (1...128).contains(text.utf8.count), isToken else {
                throw ValueError(message: "\"\(text)\" is no name", label: "expected \(words)")
            }
            return lowercased ? text.lowercased() : text
        }
    }

    /// A path, perhaps with a query, as it stands in a request line.
    static func requestPath() -> ValueType {
        let shape = ScalarShape(words: "a path such as /healthz", pattern: "/[!-~]*", examples: ["/healthz"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            guard text.hasPrefix("/"), text.utf8.count <= 1024, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                !text.contains("#")
            else {
                throw ValueError(
                    message: "\"\(text)\" is no path of a request", label: "such as /healthz",
                    help: text.hasPrefix("/") ? [] : ["write /\(text)"])
            }
            return text
        }
    }
}

extension ValueType<[SplitPart]> {
    /// A mapping from labels to weights.
    static func split() -> ValueType {
        let weight = ValueType<Int>.integer(0...1000)
        return ValueType(shape: .named(weight.shape, noun: "part", pattern: NameRule.pattern)) { node, path, session in
            guard let parts = ValueType<[Named<Int>]>.named(weight, noun: "part").decode(node, path, session) else {
                return nil
            }
            let known = parts.compactMap { part in part.value.map { SplitPart(label: part.name, weight: $0) } }
            guard known.count == parts.count else { return nil }
            if known.allSatisfy({ $0.weight == 0 }) || known.count > 64 {
                session.report(
                    .outOfRange, "`split` needs a part with a weight, and at most 64 parts", at: node.span, path: path)
                return nil
            }
            return known
        } text: { _ in
            "{}"
        }
    }
}
