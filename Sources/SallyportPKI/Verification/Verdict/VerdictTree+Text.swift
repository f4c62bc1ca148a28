/// The verdict tree as indented lines.
extension VerdictTree {
    /// The marks in front of each line.
    package enum Marks: Sendable {
        case unicode, ascii

        func mark(_ outcome: CheckStep.Outcome) -> String {
            switch (self, outcome) {
            case (.unicode, .passed): "✔"
            case (.unicode, .failed): "✘"
            case (.unicode, .notReached): "·"
            case (.ascii, .passed): "ok  "
            case (.ascii, .failed): "FAIL"
            case (.ascii, .notReached): "-   "
            }
        }
    }

    /// No trailing newline. Text from certificates is escaped, and with `.ascii` nothing but ASCII is written.
    package func text(_ marks: Marks = .unicode) -> String {
        var lines = ["\(purpose) certificate at \(CertificateTime.text(time))"]
        lines += input.flatMap { $0.lines(marks) }
        if let leaf { lines += leaf.lines(marks) }
        if candidatesLeftOut > 0 { lines.append("and \(candidatesLeftOut) more candidates") }
        lines.append("used: " + budget.map { "\($0.used) of \($0.allowed) \($0.name)" }.joined(separator: ", "))
        lines += outcomeLines(marks)
        let text = lines.joined(separator: "\n")
        return marks == .ascii ? text.asciiOnly : text
    }

    private func outcomeLines(_ marks: Marks) -> [String] {
        switch outcome {
        case .trusted(let path, _, let validUntil):
            ["\(marks.mark(.passed)) trusted until \(CertificateTime.text(validUntil)): \(path)"]
        case .refused(let code, let title, let detail, let fix):
            ["\(marks.mark(.failed)) refused, \(code) \(title): \(detail)", "fix: \(fix)"]
        }
    }
}

extension CandidateVerdict {
    /// Its own line, its checks two deeper, and as deep as these what was tried above it.
    fileprivate func lines(_ marks: VerdictTree.Marks) -> [String] {
        let heading = "\(heading) \(subject.isEmpty ? "(no subject)" : subject), serial \(serial)"
        let below = checks.flatMap { $0.lines(marks) } + issuers.flatMap { $0.lines(marks) }
        return [heading] + below.map { "  " + $0 }
    }

    private var heading: String {
        switch role {
        case .leaf: "leaf"
        case .intermediate(let place): "issuer? presented as number \(place):"
        case .anchor(let authority): "issuer? trusted as \(authority):"
        }
    }
}

extension CheckStep {
    fileprivate func lines(_ marks: VerdictTree.Marks) -> [String] {
        let head = "\(marks.mark(outcome)) \(name.rawValue)"
        switch outcome {
        case .passed: return [facts.isEmpty ? head : "\(head): \(facts)"]
        case .notReached: return ["\(head): not reached"]
        case .failed: return ["\(head): \(facts.isEmpty ? problem ?? "" : facts) (\(reason ?? ""))"]
        }
    }
}

extension String {
    /// Arrows and dots in ASCII; every other character beyond as `\u{…}`.
    fileprivate var asciiOnly: String {
        let plain = replacing("←", with: "<-").replacing("…", with: "...")
        return plain.unicodeScalars.map { $0.isASCII ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    }
}
