import Testing

@testable import SallyportPolicy

@Suite struct ConditionErrorTests {
    /// Condition, column of the caret, some words of the message, and what was probably meant.
    @Test(
        arguments: [
            (#"request.metod == "GET""#, 1, "there is no fact", "request.method"),
            (#"token.isuer == "x""#, 1, "there is no fact", "token.issuer"),
            (#"foo == "x""#, 1, "there is no fact", nil), (#"request == "x""#, 1, "there is no fact", nil),
            (#"request.method = "GET""#, 16, "no operator", "=="),
            (#"has(key) && has(token)"#, 10, "no operator", "and"),
            (#"has(key) || has(token)"#, 10, "no operator", "or"), (#"!has(key)"#, 1, "no operator", "not"),
            (#"request.method == "get""#, 19, "upper case", "GET"),
            (#"request.host == "API.example.org""#, 17, "lower case", "api.example.org"),
            (#"request.path == "orders""#, 17, "begins with a slash", "/orders"),
            (#"request.path startsWith "orders""#, 25, "begins with a slash", "/orders"),
            (#"time.weekday == "munday""#, 17, "is never", "monday"), (#"tls.version == "1.3""#, 16, "is never", nil),
            (#"time.hour == "7""#, 14, "does not go with", nil), (#"request.path == 7"#, 17, "does not go with", nil),
            (#"request.path < "/x""#, 14, "does not go with", nil),
            (#"identity.names == "alice""#, 16, "does not go with", nil),
            (#"identity.names in ["alice"]"#, 16, "does not go with", nil),
            (#"client.address startsWith "10.""#, 16, "does not go with", nil),
            (#"client.address in ["10.0.0.1/8"]"#, 20, "neither an address nor a network", nil),
            (#"tls.resumed in [true]"#, 13, "does not go with", nil),
            (#"certificate.notAfter > "soon""#, 24, "is no date", nil),
            (#"certificate.notAfter like "2*""#, 22, "does not go with", nil),
            (#"request.path starsWith "/x""#, 14, "no operator", "startsWith"),
            (#"request.path"#, 13, "operator is missing", nil),
            (#"request.header == "x""#, 1, "wants a name in brackets", nil),
            (#"request.header[x] == "x""#, 16, "name in quotes", nil),
            (#"request.header["a b"] == "x""#, 16, "no name of a header", nil),
            (#"request.header["Authorization"] like "*""#, 16, "credentials", nil),
            (#"has(request.header["cookie"])"#, 20, "credentials", nil),
            (#"request.header["x_a"] == "x""#, 16, "underscore", "x-a"),
            (#"token.claim == "x""#, 1, "wants a name in brackets", nil),
            (#"token.claim["a"]["b"]["c"]["d"]["e"] == "x""#, 32, "takes no more names", nil),
            (#"token.claim[""] == "x""#, 13, "name in quotes", nil),
            ("", 1, "is empty", nil), ("   ", 4, "is empty", nil), ("has(key", 8, ") is missing", nil),
            ("(has(key)", 10, ") is missing", nil),
            ("has(key))", 9, "should have ended", nil), ("has(key) has(token)", 10, "should have ended", nil),
            ("has key", 5, "( is missing", nil),
            ("has(keys)", 5, "there is no fact", nil), ("and has(key)", 1, "there is no fact", nil),
            ("has(key) and", 13, "a fact is missing", nil),
            ("has(key) or or has(token)", 13, "there is no fact", nil),
            (#"request.path == "/x"#, 17, "does not end", nil),
            (#"request.path == "/\x""#, 19, "escape", nil), (#""a" == request.path"#, 1, "begins with a fact", nil),
            (#""a" in request.path"#, 8, "is no list", nil),
            (#"7 in token.scope"#, 1, "does not go with", nil), ("time.hour in []", 15, "does not go with", nil),
            ("time.hour in [1, 2", 19, "] is missing", nil),
            ("time.hour in [1,]", 17, "does not go with", nil), ("time.hour == 9x", 14, "no whole number", nil),
            ("time.hour == -", 14, "no whole number", nil),
            ("time.hour == 99999999999999999999", 14, "no whole number", nil),
            ("time.hour == token.subject", 14, "cannot be compared", nil),
            ("request.path startsWith token.subject", 25, "in quotes on its right", nil),
            ("client.address == token.subject", 19, "cannot be compared", nil),
            ("request.path == identity.names", 17, "cannot be compared", nil),
            ("request.path in token.subject", 17, "does not fit", nil),
            ("tls.resumed == 1", 16, "does not go with", nil), ("has(token) @ has(key)", 12, "no meaning", nil),
            (#"reqüest.path == "x""#, 4, "no meaning", nil),
            (#"request.path["x"] == "x""#, 13, "takes no more names", nil),
        ] as [(String, Int, String, String?)])
    func caretAndWords(_ text: String, _ column: Int, _ words: String, _ suggestion: String?) throws {
        let error = try #require(throws: ConditionError.self) { try Condition(text) }
        #expect(error.column == column)
        #expect(error.message.contains(words), "\(error.message)")
        #expect(error.suggestion == suggestion)
        #expect(error.range.upperBound <= text.utf8.count)
        #expect(!error.label.isEmpty)
    }

    @Test func everyFactCanBeAsked() throws {
        let circumstances = try RequestCase.full.circumstances
        for name in FactName.allCases {
            let keys = name == .requestHeader || name == .requestQuery || name == .tokenClaim ? #"["x"]"# : ""
            let condition = try Condition("has(\(name.rawValue)\(keys))")
            _ = condition.outcome(circumstances)
            #expect("\(name.sentence)".hasSuffix("."))
        }
    }
}
