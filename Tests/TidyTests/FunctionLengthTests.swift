import Testing

/// A function that does not fit on a screen does more than one thing.
@Suite struct FunctionLengthTests {
    static let limit = 75

    @Test func noFunctionIsLongerThanAScreen() throws {
        for file in try Source.all.get() {
            let source = file.text
            for function in Self.functions(in: source) where function.lines > Self.limit {
                Issue.record("\(file.path):\(function.line): \(function.lines) lines; split it, \(Self.limit) are the limit")
            }
        }
    }

    /// Line and length of every function, initialiser and subscript with a body.
    static func functions(in source: SourceText) -> [(line: Int, lines: Int)] {
        ["func", "init", "deinit", "subscript"].flatMap { source.places(ofWord: $0) }.sorted().compactMap { place in
            guard let open = bodyStart(in: source.code, after: place), let end = closing(in: source.code, from: open)
            else { return nil }
            let first = source.line(of: place)
            return (first, source.line(of: end) - first + 1)
        }
    }

    /// The brace that opens the body: the first one outside parentheses. A declaration without a body, as in a
    /// protocol, ends before the next declaration.
    private static func bodyStart(in code: [UInt8], after place: Int) -> Int? {
        var depth = 0
        for index in place..<code.count {
            switch code[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return index
            case UInt8(ascii: "}") where depth == 0: return nil
            default: break
            }
            if depth < 0 { return nil }
        }
        return nil
    }

    private static func closing(in code: [UInt8], from open: Int) -> Int? {
        var depth = 0
        for index in open..<code.count {
            if code[index] == UInt8(ascii: "{") { depth += 1 }
            if code[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    /// The test above must be able to fail.
    @Test func longFunctionsAreSeen() {
        let body = String(repeating: "    step()\n", count: 80)
        let source = SourceText("struct S {\nfunc short(_ x: Int = { 1 }()) { }\nfunc long() {\n\(body)}\n}\n")
        #expect(Self.functions(in: source).map(\.lines) == [1, 82])
    }
}
