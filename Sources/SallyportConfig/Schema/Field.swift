/// A key that may stand in a mapping, and the type of its value.
struct Field<Value: Sendable>: Sendable {
    let row: FieldRow
    let type: ValueType<Value>

    /// - Parameter otherwise: What holds without the key, in words, where that is no single value.
    init(
        _ name: String, _ type: ValueType<Value>, required: Bool = false, otherwise: String? = nil,
        _ summary: String, danger: String? = nil
    ) {
        self.type = type
        row = FieldRow(
            name: name, shape: type.shape, isRequired: required, defaultText: otherwise, summary: summary,
            danger: danger)
    }
}

/// A key that has a default value.
struct DefaultedField<Value: Sendable>: Sendable {
    let row: FieldRow
    let type: ValueType<Value>
    let defaultValue: Value

    init(
        _ name: String, _ type: ValueType<Value>, default defaultValue: Value, _ summary: String, danger: String? = nil
    ) {
        self.type = type
        self.defaultValue = defaultValue
        row = FieldRow(
            name: name, shape: type.shape, isRequired: false, defaultText: type.text(defaultValue), summary: summary,
            danger: danger)
    }
}
