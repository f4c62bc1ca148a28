import SallyportModel

/// The reference pages, made from the table of fields and from the catalogue of reasons.
package enum ReferencePage {
    /// `docs/reference/configuration.md`.
    package static func configuration() -> String {
        var page = """
            # Configuration reference

            Generated from the table of fields (`Sources/SallyportConfig/Sections`); do not edit. The same texts are
            shown by `sallyport explain KEY.PATH`, and `sallyport schema` prints a JSON Schema for editors.
            `NAME` stands for a name of your choice: 1 to 64 letters, digits, `.`, `_` or `-`, the first one a letter
            or digit.


            """
        page += table("Top level", RootSection.type.shape)
        for entry in KeyIndex.all {
            guard KeyExplanation.record(entry.row.shape) != nil else { continue }
            page += "\n" + table("`\(title(entry))`", entry.row.shape, summary: entry.row.summary)
        }
        return page
    }

    private static func title(_ entry: KeyIndex.Entry) -> String {
        switch entry.row.shape {
        case .named: entry.path + "." + KeyIndex.namePlaceholder
        case .list: entry.path + "[]"
        default: entry.path
        }
    }

    private static func table(_ title: String, _ shape: Shape, summary: String? = nil) -> String {
        guard let record = KeyExplanation.record(shape) else { return "" }
        var text = "## \(title)\n\n"
        if let summary { text += summary + "\n\n" }
        for rule in record.rules { text += "Rule: \(rule.words).\n\n" }
        text += "| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |\n"
        return text + record.fields.map(row).joined()
    }

    private static func row(_ row: FieldRow) -> String {
        let range = KeyExplanation.scalar(row.shape)?.range.map { ", \($0)" } ?? ""
        let fallback =
            row.isRequired ? "required" : row.defaultText ?? KeyExplanation.impliedDefault(row.shape)
        let danger = row.danger.map { " **Danger:** \($0)" } ?? ""
        let cells = ["`\(row.name)`", row.shape.words + range, fallback, row.summary + danger]
        return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }

    /// `docs/reference/reasons.md`.
    package static func reasons() -> String {
        var page = """
            # Reasons

            Every refusal and every finding has a code that never changes its meaning. Generated from `Reason.all`;
            do not edit. `sallyport explain SPnnnn` shows the same texts.

            """
        for reason in Reason.all {
            let status = reason.status.map { " HTTP status \($0)." } ?? ""
            page += """

                ## \(reason.name): \(reason.title)

                \(reason.explanation)\(status)

                What to do: \(reason.fix)

                """
        }
        return page
    }
}
