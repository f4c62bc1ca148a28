import Testing

@testable import SallyportConfig

@Suite struct SecretRedactionTests {
    private static let secret = "Tr0ub4dor"

    @Test(arguments: [
        "key: Tr0ub4dor", "  kye: Tr0ub4dor", "{ certificate: a.pem, key: Tr0ub4dor }", "apiKey: \"Tr0ub4dor\"",
        "'clientSecret' : 'Tr0ub4dor'", "pass_word: Tr0ub4dor # note", "password: \"a, } Tr0ub4dor\"",
        "to: http://user:Tr0ub4dor@host/", "to: http://user:p@Tr0ub4dor@host/", "token:Tr0ub4dor", "to: \"//Tr0ub4dor@host\"",
        "key: -----BEGIN PRIVATE KEY-----Tr0ub4dor", "\"passphrase\":\"Tr0ub4dor", "KEY: Tr0ub4dor",
    ])
    func hidesWhatMayBeASecret(_ line: String) {
        let file = SourceFile(name: "f", directory: "/", text: line)
        let excerpt = file.line(1).excerpt(column: 1, length: 1)
        #expect(!excerpt.text.contains(Self.secret), "\(excerpt.text)")
        #expect(excerpt.text.contains(SecretRedaction.hidden))
    }

    @Test(arguments: [
        "key: file:pki/api.key", "key: env:API_KEY", "{ key: credential:x, profil: y }", "key: { a: b }",
        "mode: requird", "to: http://127.0.0.1:9000/a@b", "email: ops@example.org", "- match: { path: /a//b }",
    ])
    func showsEverythingElse(_ line: String) {
        let file = SourceFile(name: "f", directory: "/", text: line)
        #expect(file.line(1).excerpt(column: 1, length: 1).text == line)
    }

    /// Found by fuzzing: one word with several `@` ended the process.
    @Test func aWordWithManySignsIsHiddenOnce() {
        #expect(SecretRedaction.withoutUserinfo("unknown key \"lisrhttp://127.0.0.1:4@@@@@@@@\"")
            == "unknown key \"lisrhttp://\(SecretRedaction.hidden)@\"")
        #expect(SecretRedaction.withoutUserinfo("a://u:p@h b://x@y") == "a://\(SecretRedaction.hidden)@h b://\(SecretRedaction.hidden)@y")
    }

    @Test func hidesLinesOfAPrivateKey() {
        let text = "a: |\n  -----BEGIN EC PRIVATE KEY-----\n  Tr0ub4dor\n  -----END EC PRIVATE KEY-----\nb: c"
        let file = SourceFile(name: "f", directory: "/", text: text)
        for number in 2...4 {
            let excerpt = file.line(number).excerpt(column: 3, length: 2)
            #expect(!excerpt.text.contains("Tr0ub4dor"))
        }
        #expect(file.line(5).excerpt(column: 1, length: 1).text == "b: c")
    }

    @Test func theCaretMovesWithTheText() {
        let line = "{ key: abc, mode: x }"
        let file = SourceFile(name: "f", directory: "/", text: line)
        let excerpt = file.line(1).excerpt(column: 13, length: 4)
        #expect(excerpt.text == "{ key: ‹hidden›, mode: x }")
        let shown = Array(excerpt.text.unicodeScalars)[(excerpt.column - 1)..<(excerpt.column - 1 + excerpt.length)]
        #expect(String(String.UnicodeScalarView(shown)) == "mode")
    }

    /// No rendering of any finding about a file with a literal secret shows it.
    @Test(arguments: [
        "version: 1\nlisteners:\n  a: { address: x, tls: { certificate: c, key: Tr0ub4dor, x: 1 } }\n",
        "version: 1\nlisteners:\n  a: { address: \":1\", tls: { certificate: c, key: [Tr0ub4dor] } }\n",
        "version: 1\nlisteners:\n  a: { address: \":1\", tls: { certificate: c, key: \"Tr0ub4dor } }\n",
        "version: 1\nlisteners:\n  a: { address: \":1\", tls: { certificate: c, key: \"file:-----BEGIN Tr0ub4dor\" } }\n",
        "version: 1\nlisteners: {}\nroutes: [ { match: { path: / }, to: \"ftp://u:Tr0ub4dor@h\" } ]\n",
        "version: 1\nlisteners: {}\nroutes: [ { match: { host: \"https://u:Tr0ub4dor@h\" }, to: x } ]\n",
        "version: 1\nlisteners: {}\nroutes: [ { match: { path: / }, to: \"u:Tr0ub4dor@h:1\" } ]\n",
    ])
    func noFormatShowsASecret(_ text: String) {
        let report = Sample.load(text).report
        #expect(report.errorCount > 0)
        for format in DiagnosticReport.Format.allCases {
            let shown = report.rendered(as: format)
            #expect(!shown.contains(Self.secret), "\(shown)")
        }
    }
}
