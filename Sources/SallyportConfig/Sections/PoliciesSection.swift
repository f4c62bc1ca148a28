/// `policies`, which today has the `baseline` of every route only.
enum PoliciesSection {
    static let baseline = Field(
        "baseline", BaselineSection.type, "What is demanded of every request, whatever its route.")

    static let type = ValueType.record("`policies`", [baseline.row]) { $0[baseline]?.value ?? Limits() }
}

enum BaselineSection {
    static let limits = Field("limits", LimitsSection.type, "Bounds on what a client may send.")

    static let type = ValueType.record("`baseline`", [limits.row]) { $0[limits]?.value ?? Limits() }
}

enum LimitsSection {
    private static let defaults = Limits()
    static let body = DefaultedField(
        "body", .size(0...(1 << 40)), default: defaults.body, "The longest request body; a longer one is answered 413.")
    static let headers = DefaultedField(
        "headers", .size(1024...(1 << 20)), default: defaults.headers,
        "All header fields of a message together; more is answered 431.",
        danger: "Every connection may hold this much memory.")
    static let headerCount = DefaultedField(
        "headerCount", .integer(8...1000), default: defaults.headerCount,
        "How many header fields a message may have; more is answered 431.")

    static let type = ValueType.record("`limits`", [body.row, headers.row, headerCount.row]) { record in
        Limits(body: record[body], headers: record[headers], headerCount: record[headerCount])
    }
}
