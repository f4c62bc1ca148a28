/// A file of Sources with its code, read once for all tests.
struct Source {
    let path: String
    let text: SourceText

    static let all = Result {
        try Repository.files(under: "Sources", suffix: ".swift").map { Source(path: $0, text: SourceText(try Repository.text($0))) }
    }

    static func files(of target: String) throws -> [Source] {
        try all.get().filter { $0.path.hasPrefix("Sources/\(target)/") }
    }
}
