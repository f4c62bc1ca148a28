import SallyportModel

/// A text of a request or of the configuration. Compared byte for byte.
enum TextValue: Sendable {
    case string(String)
    case bytes(ArraySlice<UInt8>)

    func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        switch self {
        case .string(let text): body(text.utf8.span)
        case .bytes(let bytes): body(bytes.span)
        }
    }

    func isEqual(to other: TextValue) -> Bool {
        withSpan { left in other.withSpan { left.isEqual(to: $0) } }
    }
}

/// What a fact is for one request.
enum FactValue: Sendable {
    case absent
    /// There is more than one, or it cannot be read: nothing may rest on it.
    case ambiguous
    case text(TextValue)
    case list([String])
    /// A list in a token.
    case claims([Claim])
    case number(Int)
    case decimal(Double)
    case truth(Bool)
    /// Seconds since 1970.
    case moment(Int64)
    case address(ClientAddress)
    /// An object in a token, which can only be gone into.
    case structure

    init(_ text: String?) { self = text.map { .text(.string($0)) } ?? .absent }

    init(_ claim: Claim) {
        switch claim {
        case .null: self = .absent
        case .truth(let truth): self = .truth(truth)
        case .integer(let number): self = .number(number)
        case .decimal(let number): self = .decimal(number)
        case .text(let text): self = .text(.string(text))
        case .list(let elements): self = .claims(elements)
        case .object: self = .structure
        }
    }
}
