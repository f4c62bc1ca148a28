/// A word of a condition, with its place in the text.
struct Lexeme: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// A keyword or the name of a fact.
        case word(String)
        case text(String)
        case number(Int)
        /// `== != < <= > >= ( ) [ ] ,`
        case symbol(String)
        case end
    }

    let kind: Kind
    let range: Range<Int>
}

/// Cuts a condition into words.
struct ConditionLexer {
    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The words, and one of kind `end` behind them.
    static func read(_ text: String) throws(ConditionError) -> [Lexeme] {
        var lexer = ConditionLexer(Array(text.utf8))
        var lexemes: [Lexeme] = []
        repeat { lexemes.append(try lexer.next()) } while lexemes.last?.kind != .end
        return lexemes
    }

    private mutating func next() throws(ConditionError) -> Lexeme {
        while position < bytes.count, " \t\r\n".utf8.contains(bytes[position]) { position += 1 }
        guard position < bytes.count else { return Lexeme(kind: .end, range: position..<position) }
        let start = position
        let kind: Lexeme.Kind
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): kind = .text(try text())
        case 0x30...0x39, UInt8(ascii: "-"): kind = .number(try number())
        case let byte where Self.isWordByte(byte): kind = .word(take(while: Self.isWordByte))
        default: kind = .symbol(try symbol())
        }
        return Lexeme(kind: kind, range: start..<position)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    private mutating func take(while isWanted: (UInt8) -> Bool) -> String {
        let start = position
        while position < bytes.count, isWanted(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func number() throws(ConditionError) -> Int {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let digits = take { (0x30...0x39).contains($0) }
        let text = (bytes[start] == UInt8(ascii: "-") ? "-" : "") + digits
        guard let value = Int(text), position == bytes.count || !Self.isWordByte(bytes[position]) else {
            throw ConditionError(
                start..<max(position, start + 1), "this is no whole number", "numbers are written 42, texts \"42\"")
        }
        return value
    }

    /// Between double or single quotes; a backslash stands before a quote or backslash that belongs to the text.
    private mutating func text() throws(ConditionError) -> String {
        let start = position
        let quote = bytes[position]
        position += 1
        var content: [UInt8] = []
        while position < bytes.count, bytes[position] != quote {
            if bytes[position] == UInt8(ascii: "\\") {
                position += 1
                guard position < bytes.count, "\"'\\".utf8.contains(bytes[position]) else {
                    throw ConditionError(
                        (position - 1)..<min(position + 1, bytes.count), "this escape is unknown",
                        "\\\\ stands for a backslash, \\\" for a quote")
                }
            }
            content.append(bytes[position])
            position += 1
        }
        guard position < bytes.count else {
            throw ConditionError(start..<bytes.count, "the text does not end", "a closing quote is missing")
        }
        position += 1
        return String(decoding: content, as: UTF8.self)
    }

    private static let foreign = [
        "&&": "and", "||": "or", "=~": "like", "=": "==", "!": "not", "~": "like", "&": "and", "|": "or",
    ]

    private mutating func symbol() throws(ConditionError) -> String {
        let two = String(decoding: bytes[position..<min(position + 2, bytes.count)], as: UTF8.self)
        let one = String(decoding: bytes[position...position], as: UTF8.self)
        for candidate in [two, one]
        where ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","].contains(candidate) {
            position += candidate.utf8.count
            return candidate
        }
        for candidate in [two, one] {
            guard let own = Self.foreign[candidate] else { continue }
            throw ConditionError(
                position..<(position + candidate.utf8.count), "\"\(candidate)\" is no operator", "write \(own)",
                suggestion: own)
        }
        throw ConditionError(
            position..<(position + 1), "this sign has no meaning here", "operators are words: docs/conditions.md")
    }
}
