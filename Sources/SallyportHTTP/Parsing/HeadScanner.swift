/// Finds the end of a head in what comes in, however it is cut, and keeps what has come so far. Each byte is looked
/// at once here, and bounds are checked before anything is kept.
struct HeadScanner: ~Copyable {
    enum Step {
        case needMore
        /// The head with its number of lines.
        case complete([UInt8], lines: Int)
        case failed(Malformation)
    }

    private let limits: HTTPLimits
    /// The head up to the end of the last input.
    private var kept: [UInt8] = []
    /// Bytes of the line that is under way, in `kept` and in the current input.
    private var lineLength = 0
    /// Lines that are complete, with the start line.
    private var lines = 0
    /// Bytes of complete field lines, with line ends.
    private var fieldBytes = 0
    /// At most one empty line before a request is skipped (RFC 9112 §2.2).
    private var maySkipEmptyLine: Bool

    init(limits: HTTPLimits, skipsEmptyLine: Bool) {
        self.limits = limits
        maySkipEmptyLine = skipsEmptyLine
    }

    /// Whether nothing of a head has come yet.
    var isEmpty: Bool { kept.isEmpty && lineLength == 0 }

    /// - Returns: how much of the input belongs to the head, and whether it is complete. The scanner is spent after
    ///   every step but `needMore`.
    mutating func next(_ input: RawSpan) -> (consumed: Int, step: Step) {
        var start = 0
        var offset = 0
        while let lineFeed = input.firstLineFeed(from: offset) {
            lineLength += lineFeed - offset
            offset = lineFeed + 1
            if isEmptyLine(before: lineFeed, in: input) {
                guard lines == 0 else { return (offset, .complete(take(input, start, offset), lines: lines)) }
                guard skipEmptyLine() else { return (offset, .failed(.requestLine)) }
                start = offset
            } else if let fault = endLine() {
                return (offset, .failed(fault))
            }
        }
        lineLength += input.byteCount - offset
        if let fault = excess(lineLength) { return (input.byteCount, .failed(fault)) }
        keep(input, from: start)
        return (input.byteCount, .needMore)
    }

    /// `lineLength` counts the CR, if there is one, and not the LF.
    private func isEmptyLine(before lineFeed: Int, in input: RawSpan) -> Bool {
        guard lineLength == 1 else { return lineLength == 0 }
        let previous = lineFeed > 0 ? input.byte(lineFeed - 1) : kept.last
        return previous == ASCII.carriageReturn
    }

    private mutating func skipEmptyLine() -> Bool {
        guard maySkipEmptyLine, lineLength == 1 else { return false }
        maySkipEmptyLine = false
        kept.removeAll(keepingCapacity: true)
        lineLength = 0
        return true
    }

    /// Counts the line that just ended.
    private mutating func endLine() -> Malformation? {
        if let fault = excess(lineLength) { return fault }
        if lines > 0 { fieldBytes += lineLength + 1 }
        lines += 1
        lineLength = 0
        return lines - 1 > limits.headerCount ? .tooManyHeaders : nil
    }

    /// A line may end in CR here that is no part of it, so its bound is one byte wider than the limit; and a single
    /// byte may be the CR of the empty line, which does not count.
    private func excess(_ length: Int) -> Malformation? {
        if lines == 0 { return length > limits.startLine + 1 ? .startLineTooLong : nil }
        let isTooLarge = length > limits.fieldLine + 1 || (length > 1 && fieldBytes + length + 1 > limits.headers)
        return isTooLarge ? .headersTooLarge : nil
    }

    private mutating func take(_ input: RawSpan, _ start: Int, _ end: Int) -> [UInt8] {
        append(input, start..<end)
        let head = kept
        kept = []
        return head
    }

    private mutating func keep(_ input: RawSpan, from start: Int) {
        append(input, start..<input.byteCount)
    }

    private mutating func append(_ input: RawSpan, _ range: Range<Int>) {
        input.extracting(range).withUnsafeBytes { kept.append(contentsOf: $0) }
    }
}
