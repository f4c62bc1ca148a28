import SallyportModel

extension DiagnosticReport {
    /// For programs: one object with all findings.
    func json() -> String {
        JSONValue.members([
            "errors": .integer(errorCount),
            "warnings": .integer(warningCount),
            "diagnostics": .array(diagnostics.map(Self.object)),
        ]).pretty + "\n"
    }

    private static func object(_ diagnostic: Diagnostic) -> JSONValue {
        .members([
            "code": .string(diagnostic.reason.name),
            "severity": .string(diagnostic.severity.rawValue),
            "message": .string(diagnostic.message),
            "label": diagnostic.label.map(JSONValue.string),
            "help": diagnostic.help.isEmpty ? nil : .strings(diagnostic.help),
            "path": diagnostic.keyPath.map(JSONValue.string),
            "location": diagnostic.location.map(object),
            "related": diagnostic.related.map {
                .members(["label": .string($0.label), "location": object($0.location)])
            },
        ])
    }

    private static func object(_ location: SourceLocation) -> JSONValue {
        .members([
            "file": .string(location.file),
            "line": .integer(location.line),
            "column": .integer(location.column),
            "endColumn": .integer(location.column + location.length),
        ])
    }

    /// Workflow commands of GitHub Actions, which become annotations.
    func github() -> String {
        diagnostics.prefix(Self.shown).map(Self.workflowCommand).joined()
    }

    private static func workflowCommand(_ diagnostic: Diagnostic) -> String {
        var properties: [String] = []
        if let location = diagnostic.location {
            properties.append("file=\(property(location.file))")
            properties.append("line=\(location.line)")
            properties.append("col=\(location.column)")
            properties.append("endColumn=\(location.column + location.length)")
        }
        properties.append("title=\(property("\(diagnostic.reason.name) \(diagnostic.reason.title)"))")
        let text = ([diagnostic.message] + diagnostic.help).joined(separator: "\n")
        return "::\(diagnostic.severity.rawValue) \(properties.joined(separator: ","))::\(data(text))\n"
    }

    private static func data(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "%": result += "%25"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            case "\r\n": result += "%0D%0A"
            default: result.append(contentsOf: TextStyle.escaped(String(character)))
            }
        }
    }

    private static func property(_ text: String) -> String {
        data(text).reduce(into: "") { result, character in
            switch character {
            case ":": result += "%3A"
            case ",": result += "%2C"
            default: result.append(character)
            }
        }
    }

    /// SARIF 2.1.0, for code scanning.
    func sarif() -> String {
        let driver = JSONValue.members([
            "name": .string("sallyport"),
            "rules": .array(Set(diagnostics.map(\.reason)).sorted { $0.code < $1.code }.map(Self.rule)),
        ])
        let run = JSONValue.members([
            "tool": .members(["driver": driver]),
            "columnKind": .string("unicodeCodePoints"),
            "results": .array(diagnostics.map(Self.result)),
        ])
        return JSONValue.members([
            "$schema": .string("https://json.schemastore.org/sarif-2.1.0.json"),
            "version": .string("2.1.0"),
            "runs": .array([run]),
        ]).pretty + "\n"
    }

    private static func rule(_ reason: Reason) -> JSONValue {
        .members([
            "id": .string(reason.name),
            "shortDescription": .members(["text": .string(reason.title.description)]),
            "fullDescription": .members(["text": .string(reason.explanation.description)]),
            "help": .members(["text": .string(reason.fix.description)]),
        ])
    }

    private static func result(_ diagnostic: Diagnostic) -> JSONValue {
        let text = ([diagnostic.message] + diagnostic.help).joined(separator: "; ")
        return .members([
            "ruleId": .string(diagnostic.reason.name),
            "level": .string(diagnostic.severity.rawValue),
            "message": .members(["text": .string(text)]),
            "locations": diagnostic.location.map { .array([place($0, label: nil)]) },
            "relatedLocations": diagnostic.related.map { .array([place($0.location, label: $0.label)]) },
        ])
    }

    private static func place(_ location: SourceLocation, label: String?) -> JSONValue {
        let region = JSONValue.members([
            "startLine": .integer(location.line),
            "startColumn": .integer(location.column),
            "endColumn": .integer(location.column + location.length),
        ])
        return .members([
            "physicalLocation": .members([
                "artifactLocation": .members(["uri": .string(uri(location.file))]), "region": region,
            ]),
            "message": label.map { .members(["text": .string($0)]) },
        ])
    }

    /// A relative reference (RFC 3986 §4.2), or an absolute one for an absolute path.
    private static func uri(_ path: String) -> String {
        let kept = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
        let encoded = path.utf8.reduce(into: "") { result, byte in
            if kept.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return path.hasPrefix("/") ? "file://" + encoded : encoded
    }
}
