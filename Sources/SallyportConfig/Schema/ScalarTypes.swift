import SallyportModel

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of a few words. `noun` stands in messages: "unknown NOUN".
    static func choice(noun: String) -> ValueType {
        let words = Value.allCases.map(\.rawValue)
        let shape = ScalarShape(words: "one of: " + words.joined(separator: ", "), choices: words, examples: words)
        return .scalar(shape, text: \.rawValue) { text throws(ValueError) in
            if let value = Value(rawValue: text) { return value }
            throw ValueError.unknown(noun, text, choices: words)
        }
    }
}

extension ValueError {
    static func unknown(_ noun: String, _ text: String, choices: [String]) -> ValueError {
        let near = Spelling.nearest(to: text, among: choices)
        return ValueError(
            reason: .unknownChoice, message: "unknown \(noun) \"\(text)\"",
            label: "one of: " + choices.joined(separator: ", "), help: near.map { ["did you mean \"\($0)\"?"] } ?? [])
    }
}

extension ValueType<String> {
    /// Text for people or programs: one line, not empty, without control characters.
    static func text(_ words: String = "a text", examples: [String] = [], maximum: Int = 1024) -> ValueType {
        let shape = ScalarShape(words: words, examples: examples, json: .text)
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            try checkLine(text, words, maximum: maximum)
            return text
        }
    }

    /// The name of something that the operator defines elsewhere in the file.
    static func reference(to noun: String) -> ValueType {
        let words = "the name of \(noun)"
        let shape = ScalarShape(words: words, pattern: NameRule.pattern)
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            if let problem = NameRule.problem(with: text) {
                throw ValueError(reason: .badName, message: "\"\(text)\" is no name", label: problem)
            }
            return text
        }
    }

    static func checkLine(_ text: String, _ words: String, maximum: Int) throws(ValueError) {
        if text.isEmpty {
            throw ValueError(reason: .emptyValue, message: "the text is empty", label: "expected \(words)")
        }
        if text.utf8.count > maximum {
            throw ValueError(
                reason: .outOfRange, message: "the text has \(text.utf8.count) bytes", label: "at most \(maximum)")
        }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            throw ValueError(message: "the text has control characters or more than one line")
        }
    }
}

extension ValueType<Int> {
    /// A whole number in decimal notation.
    static func integer(_ range: ClosedRange<Int>) -> ValueType {
        let words = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let shape = ScalarShape(
            words: words, range: "\(range.lowerBound) … \(range.upperBound)", json: .integer, bounds: range)
        return .scalar(shape, text: String.init) { text throws(ValueError) in
            try checkRange(try parseInteger(text, words), range, text)
        }
    }

    private static func parseInteger(_ text: String, _ words: String) throws(ValueError) -> Int {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw ValueError(reason: .wrongType, message: "expected \(words), found \"\(text)\"")
        }
        if digits.count > 1 && digits.hasPrefix("0") {
            throw ValueError(
                message: "\"\(text)\" starts with a zero, which some readers take for octal",
                help: ["write \(digits.drop { $0 == "0" }.isEmpty ? "0" : String(digits.drop { $0 == "0" }))"])
        }
        guard let value = Int(text) else {
            throw ValueError(reason: .outOfRange, message: "\(text) is out of range", label: words)
        }
        return value
    }

    private static func checkRange(
        _ value: Int, _ range: ClosedRange<Int>, _ text: String
    ) throws(ValueError) -> Int {
        if range.contains(value) { return value }
        throw ValueError(
            reason: .outOfRange, message: "\(text) is out of range",
            label: "\(range.lowerBound) … \(range.upperBound)")
    }

    /// A number of bytes with its unit: `1MiB`, `64KiB`, `10MB`, `512B`.
    static func size(_ range: ClosedRange<Int>) -> ValueType {
        let shown = "\(SizeText.text(range.lowerBound)) … \(SizeText.text(range.upperBound))"
        let shape = ScalarShape(
            words: "a size such as 64KiB or 10MiB", range: shown, pattern: "[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)",
            examples: ["64KiB", "10MiB", "1MB"])
        return .scalar(shape, text: SizeText.text) { text throws(ValueError) in
            let value = try SizeText.parse(text)
            if range.contains(value) { return value }
            throw ValueError(reason: .outOfRange, message: "\(text) is out of range", label: shown)
        }
    }
}

extension ValueType<Duration> {
    /// A time span with its unit: `500ms`, `30s`, `5m`, `24h`, `90d`.
    static func duration(_ range: ClosedRange<Duration>) -> ValueType {
        let shown = "\(DurationText.text(range.lowerBound)) … \(DurationText.text(range.upperBound))"
        let shape = ScalarShape(
            words: "a duration such as 30s or 5m", range: shown, pattern: "[0-9]+(ms|s|m|h|d)",
            examples: ["500ms", "30s", "5m", "24h"])
        return .scalar(shape, text: DurationText.text) { text throws(ValueError) in
            let value = try DurationText.parse(text)
            if range.contains(value) { return value }
            throw ValueError(reason: .outOfRange, message: "\(text) is out of range", label: shown)
        }
    }
}

extension ValueType<Bool> {
    /// A switch that can only be set: leaving the key out is the other way.
    static func isTrue() -> ValueType {
        let shape = ScalarShape(words: "`true`", choices: ["true"], json: .isTrue)
        return ValueType(shape: .scalar(shape)) { node, path, session in
            guard let text = singleText(node, shape, path, session) else { return nil }
            if case .text("true", isPlain: true) = node.content { return true }
            session.report(
                .wrongType, "expected `true`, found \"\(text)\"", at: node.span,
                help: [
                    ["false", "no", "off"].contains(text.lowercased())
                        ? "remove the key to leave it unset" : "write true, without quotes"
                ], path: path)
            return nil
        } text: {
            String($0)
        }
    }
}

/// `64KiB` and the number of bytes.
enum SizeText {
    private static let units: [(name: String, factor: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000),
        ("B", 1),
    ]

    static func parse(_ text: String) throws(ValueError) -> Int {
        try QuantityText.parse(text, units: units, example: "64KiB, 10MiB or 1MB", noun: "size")
    }

    /// In the greatest unit that leaves no rest.
    static func text(_ bytes: Int) -> String {
        let unit = units.first { bytes > 0 && bytes % $0.factor == 0 } ?? (name: "B", factor: 1)
        return "\(bytes / unit.factor)\(unit.name)"
    }
}

/// `30s` and the duration.
package enum DurationText {
    private static let units: [(name: String, factor: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("ms", 1), ("s", 1000),
    ]

    static func parse(_ text: String) throws(ValueError) -> Duration {
        .milliseconds(try QuantityText.parse(text, units: units, example: "500ms, 30s, 5m or 24h", noun: "duration"))
    }

    /// In the greatest unit that leaves no rest, days only for two and more.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        for (name, unit) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        where milliseconds > 0 && milliseconds % unit == 0 && (name != "d" || milliseconds > unit) {
            return "\(milliseconds / unit)\(name)"
        }
        return "\(milliseconds)ms"
    }
}

/// A whole number with a unit right behind it.
enum QuantityText {
    static func parse(
        _ text: String, units: [(name: String, factor: Int)], example: String, noun: String
    ) throws(ValueError) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        let unit = text.dropFirst(digits.count)
        guard !digits.isEmpty else {
            throw ValueError(message: "\"\(text)\" is no \(noun)", label: "such as \(example)")
        }
        guard let factor = units.first(where: { $0.name == unit })?.factor else {
            throw unknownUnit(unit, digits, units.map(\.name), example: example, noun: noun)
        }
        let (product, overflow) = (Int(digits) ?? .max).multipliedReportingOverflow(by: factor)
        guard !overflow else {
            throw ValueError(reason: .outOfRange, message: "\(text) is out of range")
        }
        return product
    }

    private static func unknownUnit(
        _ unit: Substring, _ digits: Substring, _ units: [String], example: String, noun: String
    ) -> ValueError {
        if unit.isEmpty {
            return ValueError(message: "\(noun) \(digits) has no unit", label: "such as \(example)")
        }
        let near = units.first { $0.lowercased() == unit.trimmingSpaces.lowercased() }
        return ValueError(
            message: "unknown unit \"\(unit)\" of a \(noun)", label: "one of: " + units.joined(separator: ", "),
            help: near.map { ["write \(digits)\($0)"] } ?? [])
    }
}

extension StringProtocol {
    var trimmingSpaces: SubSequence {
        var rest = self[...]
        while rest.first == " " { rest = rest.dropFirst() }
        while rest.last == " " { rest = rest.dropLast() }
        return rest
    }
}
