extension DiagnosticReport {
    func text(colour: Bool, outcome: String?) -> String { "" }
    func json() -> String { "" }
    func github() -> String { "" }
    func sarif() -> String { "" }
}
