/// The operator's reason for a weakening, as it stands in the file.
struct Because: Sendable {
    /// Nil when it is absent or bad.
    var text: Located<String>?
    /// Whether the key is there at all, good or bad.
    var isGiven: Bool

    static func field(_ when: String) -> Field<String> {
        Field(
            "because", .text("a reason in words", examples: ["\"public landing page, no data\""]),
            otherwise: "none; required \(when)",
            "Why the weakening is acceptable, in words; it is listed under accepted risks.")
    }
}

extension RecordReader {
    func because(_ field: Field<String>) -> Because {
        Because(text: self[field], isGiven: has(field.row.name))
    }
}
