/// The operator's reason for a weakening.
enum Because {
    static func field(_ when: String) -> Field<String> {
        Field(
            "because", .text("a reason in words", examples: ["\"public landing page, no data\""]),
            otherwise: "none; required \(when)",
            "Why the weakening is acceptable, in words; it is listed under accepted risks.")
    }
}
