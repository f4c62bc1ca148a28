/// What one part of a condition came to.
package struct ConditionStep: Sendable, Hashable {
    /// The part as it stands in the configuration.
    package let text: String
    package let outcome: Outcome
    /// Of a comparison: what the request had, printable and shortened.
    package let value: String?
}

extension Condition {
    /// Every part with its outcome, inner ones first, the whole last. Nothing is skipped, so that parts that would not
    /// have been asked any more are shown as well.
    package func explain(_ circumstances: borrowing Circumstances) -> [ConditionStep] {
        var stack = OutcomeStack()
        var explained: [ConditionStep] = []
        for (step, range) in zip(steps, ranges) {
            var value: String?
            switch step {
            case .skipIfFails, .skipIfHolds: continue
            case .not, .and, .or: stack.apply(step)
            case .test(let test):
                stack.push(test.outcome(circumstances))
                value = test.subjectText(circumstances)
            }
            explained.append(ConditionStep(text: String(source(range)), outcome: stack.top, value: value))
        }
        return explained
    }

    private func source(_ range: Range<Int>) -> Substring {
        let bytes = text.utf8
        let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
        return text[start..<bytes.index(start, offsetBy: range.count)]
    }
}

extension Test {
    fileprivate func subjectText(_ circumstances: borrowing Circumstances) -> String? {
        switch subject {
        case .group: nil
        case .fact(let fact): circumstances.value(of: fact).words
        }
    }
}

extension FactValue {
    /// For people: at most a line, without control characters.
    fileprivate var words: String {
        switch self {
        case .absent: "absent"
        case .ambiguous: "ambiguous: there is more than one, or it cannot be read"
        case .text(let text): text.withSpan(Self.quoted)
        case .list(let texts): "[" + texts.prefix(8).map { Self.quoted($0.utf8.span) }.joined(separator: ", ") + "]"
        case .claims(let claims): "a list of \(claims.count)"
        case .number(let number): String(number)
        case .decimal(let number): String(number)
        case .truth(let truth): String(truth)
        case .moment(let seconds): "\(seconds) s since 1970"
        case .address: "the address"
        case .structure: "an object"
        }
    }

    private static func quoted(_ text: Span<UInt8>) -> String {
        var shown: [UInt8] = []
        for index in text.indices.prefix(80) {
            shown.append((0x20..<0x7f).contains(text[index]) ? text[index] : UInt8(ascii: "?"))
        }
        return "\"" + String(decoding: shown, as: UTF8.self) + (text.count > 80 ? "…" : "") + "\""
    }
}
