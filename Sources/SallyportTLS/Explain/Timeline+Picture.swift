/// The timeline as a vertical line with a branch for each step.
///
///     0.0 ms ┬ connection accepted
///            │   listener     main
///     0.4 ms ├ ClientHello received
///            │   server name  localhost
///     0.5 ms └ ✘ refused: SP2106 Unknown server name
extension Timeline {
    /// Where lines are broken, in characters.
    private static let width = 112

    /// No trailing newline.
    package var picture: String {
        let times = steps.map { $0.microseconds.map(Self.milliseconds) ?? "" }
        let column = times.map(\.count).max() ?? 0
        var lines: [String] = []
        for (index, step) in steps.enumerated() {
            let isLast = index == steps.count - 1
            let branch = index == 0 ? (isLast ? "─" : "┬") : isLast ? "└" : "├"
            let time = String(repeating: " ", count: column - times[index].count) + times[index]
            lines.append("\(time) \(branch) \(step.mark.sign)\(step.title)")
            let margin = String(repeating: " ", count: column) + (isLast ? "   " : " │ ") + "  "
            lines += Self.body(of: step, width: Self.width - column - 5).map { Self.trimmed(margin + $0) }
        }
        return lines.joined(separator: "\n")
    }

    private static func body(of step: Step, width: Int) -> [String] {
        let column = (step.facts.map(\.label.count).max() ?? 0) + 2
        let facts = step.facts.flatMap { fact in
            let label = fact.label + String(repeating: " ", count: column - fact.label.count)
            let lines = wrapped(fact.text, width: max(40, width - column))
            return lines.enumerated().map { index, line in
                (index == 0 ? label : String(repeating: " ", count: column)) + line
            }
        }
        return facts + step.verdict
    }

    /// `0.4 ms`, `5003 ms`.
    package static func milliseconds(_ microseconds: UInt32) -> String {
        microseconds < 1_000_000
            ? "\(microseconds / 1000).\(microseconds % 1000 / 100) ms" : "\(microseconds / 1000) ms"
    }

    /// Breaks at spaces. A word longer than the line stands alone.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(word)
            } else {
                line += line.isEmpty ? String(word) : " " + word
            }
        }
        return lines + [line]
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}

extension Timeline.Mark {
    fileprivate var sign: String {
        switch self {
        case .plain: ""
        case .passed: "✔ "
        case .failed: "✘ "
        }
    }
}
