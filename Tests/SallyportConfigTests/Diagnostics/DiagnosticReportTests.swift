import SallyportModel
import Testing

@testable import SallyportConfig

@Suite struct DiagnosticReportTests {
    /// The shape that the product promises.
    @Test func aBadFilePrintsWhatIsPromised() {
        let padding = String(repeating: "#\n", count: 10)
        let text = """
            version: 1
            pki: { authorities: { clients: { file: ca.pem } } }
            \(padding)tlsProfiles:
              strict:
                clientCertificates: { mode: requird, trust: [clients], maxDepth: 3 }
            listeners: { main: { address: ":8443", tls: { names: [localhost] } } }
            """
        let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
        let report = Sample.load(text, files: ["ca.pem": pem]).report
        #expect(
            report.rendered(as: .text, outcome: "Nothing was changed: generation 41 (loaded 14:02:11) keeps serving.")
                == """
                error[SP1203]: unknown client-certificate mode "requird"
                  --> sallyport.yaml:15:33
                   |
                15 |     clientCertificates: { mode: requird, trust: [clients], maxDepth: 3 }
                   |                                 ^^^^^^^ one of: require, optional, none
                   = help: did you mean "require"?
                   = path: tlsProfiles.strict.clientCertificates.mode        more: sallyport explain SP1203
                1 error, 0 warnings. Nothing was changed: generation 41 (loaded 14:02:11) keeps serving.

                """)
    }

    @Test func coloursAreOptional() {
        let report = Sample.load("version: 2\n").report
        #expect(!report.rendered(as: .text).contains("\u{1B}"))
        #expect(report.rendered(as: .text, colour: true).contains("\u{1B}[1;31merror[SP1211]\u{1B}[0m"))
    }

    @Test func textFromAFileCannotActOnTheTerminal() {
        let location = SourceLocation(
            file: "a\u{1B}[2Jb", line: 1, column: 1,
            excerpt: .init(text: "x\u{1B}]0;t\u{7}\u{202E}y", column: 1, length: 1))
        let finding = Diagnostic(
            .unknownKey, "m\u{1B}[31m\n", at: location, label: "l\u{9B}", help: ["h\u{2028}"], keyPath: "p\r")
        let report = DiagnosticReport([finding])
        for format in DiagnosticReport.Format.allCases {
            let shown = report.rendered(as: format).unicodeScalars.filter { $0 != "\n" }
            #expect(!shown.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x2028 })
        }
    }

    @Test func workflowCommandsAreEscaped() {
        let location = SourceLocation(file: "a,b:c%.yaml", line: 3, column: 4, length: 2)
        let report = DiagnosticReport([
            Diagnostic(.unknownKey, "100% \n::error::x", at: location), Diagnostic(.noRoutes, "w", severity: .warning),
        ])
        #expect(
            report.rendered(as: .github) == """
                ::error file=a%2Cb%3Ac%25.yaml,line=3,col=4,endColumn=6,title=SP1201 Unknown key::100%25 %0A::error::x
                ::warning title=SP1906 No routes::w

                """)
    }

    @Test func jsonHasEverythingAProgramNeeds() {
        let report = Sample.load("version: 1\nversion: 1\n").report
        let json = report.rendered(as: .json)
        for part in [
            "\"errors\": 1", "\"code\": \"SP1103\"", "\"line\": 2", "\"column\": 1", "\"endColumn\": 8",
            "\"label\": \"first here\"",
        ] {
            #expect(json.contains(part), "\(json)")
        }
    }

    @Test func sarifNamesRulesOnceAndPlacesInScalars() {
        let report = Sample.load("version: 1\nx: 1\ny: 2\n").report
        let sarif = report.rendered(as: .sarif)
        #expect(sarif.contains("\"version\": \"2.1.0\""))
        #expect(sarif.contains("\"columnKind\": \"unicodeCodePoints\""))
        #expect(sarif.split(separator: "\"id\": \"SP1201\"").count == 2)
        #expect(sarif.split(separator: "\"ruleId\": \"SP1201\"").count == 3)
        #expect(sarif.contains("\"uri\": \"sallyport.yaml\""))
    }

    @Test func wideCharactersMoveTheCaret() {
        let excerpt = SourceLocation.Excerpt(text: "注文e\u{301}: x", column: 7, length: 1)
        let shown = ExcerptText(excerpt)
        #expect(shown.caretOffset == 7)
        #expect(shown.caretWidth == 1)
    }
}
