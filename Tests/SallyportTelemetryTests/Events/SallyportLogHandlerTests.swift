import Foundation
import Logging
import Testing

@testable import SallyportTelemetry

@Suite struct SallyportLogHandlerTests {
    private func logged(_ format: LogFormat, _ body: (Logger) -> Void) -> [String] {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.output(), format: format)
        body(Logger(label: "test") { SallyportLogHandler(label: $0, sink: sink, format: format) })
        sink.close()
        return pipe.text().split(separator: "\n").map(String.init)
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test func metadataBecomesMembers() throws {
        let lines = logged(.json) { logger in
            var logger = logger
            logger[metadataKey: "listener"] = "main"
            logger.warning(
                "handshake refused",
                metadata: [
                    "code": "SP2001", "count": .stringConvertible(7), "ok": .stringConvertible(false),
                    "names": ["a", "b\"\n"], "deep": ["x": ["y": "z"]],
                ])
        }
        #expect(lines.count == 1)
        let object = try object(lines[0])
        #expect(object["level"] as? String == "warning")
        #expect(object["message"] as? String == "handshake refused")
        #expect(object["listener"] as? String == "main")
        #expect(object["count"] as? Int == 7)
        #expect(object["ok"] as? Bool == false)
        #expect(object["names"] as? [String] == ["a", "b\"\n"])
        #expect((object["deep"] as? [String: [String: String]]) == ["x": ["y": "z"]])
    }

    @Test func levelsBelowTheConfiguredOneAreNotWritten() {
        let lines = logged(.text) { logger in
            logger.debug("unseen")
            logger.info("seen")
        }
        #expect(lines.count == 1 && lines[0].contains("INFO seen"))
    }

    @Test(arguments: LogFormat.allCases)
    func secretsAreRedactedAtEveryDepth(_ format: LogFormat) {
        let lines = logged(format) { logger in
            logger.info(
                "request",
                metadata: [
                    "Authorization": "Bearer hunter2", "set-cookie": "hunter2", "apiKey": "hunter2",
                    "db_password": "hunter2",
                    "private.key": "hunter2", "ACCESS_TOKEN": "hunter2", "outer": ["clientSecret": "hunter2"],
                    "monkey": "fine",
                ])
        }
        #expect(!lines[0].contains("hunter2"))
        #expect(lines[0].contains("fine"))
    }

    @Test(arguments: [
        ("key", true), ("x-api-key", true), ("keyFile", false), ("keys", false), ("monkey", false), ("route", false),
        ("Proxy-Authorization", true), ("passwd", true), ("tlsKey", true), ("TLS_KEY", true), ("tokens.max", true),
    ])
    func names(_ name: String, _ isSecret: Bool) {
        #expect(SecretName.matches(name) == isSecret)
    }

    @Test func aFieldCannotPoseAsTheLevel() throws {
        let lines = logged(.json) { $0.info("x", metadata: ["level": "critical", "a\",\"b": "c"]) }
        let object = try object(lines[0])
        #expect(object["level"] as? String == "info")
        #expect(object["field.level"] as? String == "critical")
        #expect(object["a\",\"b"] as? String == "c")
    }

    @Test func textIsOneLineWhateverIsLogged() {
        let lines = logged(.text) {
            $0.error("bad", metadata: ["why": "two\nlines and \u{1B}[2J", "where": "", "n": "a=b"])
        }
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix(#"ERROR bad n="a=b" where="" why="two\nlines and \u001b[2J""#))
    }

    @Test func bottomlessMetadataIsCutOff() throws {
        var value: Logger.Metadata.Value = "bottom"
        for _ in 0..<50 { value = .dictionary(["a": value]) }
        let lines = logged(.json) { $0.info("deep", metadata: ["a": value]) }
        _ = try object(lines[0])
        #expect(!lines[0].contains("bottom"))
    }
}
