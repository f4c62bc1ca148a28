/// The chunked transfer coding (RFC 9112 §7.1), a byte at a time between chunks and a run at a time within. Extensions
/// are checked, counted and dropped; trailers are kept for whoever can pass them on (RFC 9110 §6.5.1).
struct ChunkedDecoder: Sendable {
    enum Step: Equatable {
        case needMore
        /// Content, as offsets in the input.
        case content(Range<Int>)
        /// Trailers are in the decoder.
        case end
        case failed(Malformation)
    }

    private enum State {
        case sizeStart, size, blank, `extension`, sizeLineFeed
        case data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed, done
    }

    private let limits: HTTPLimits
    private let maximumContent: UInt64
    private var state = State.sizeStart
    /// The size as far as it was read, then the bytes of the chunk that are still to come.
    private var size: UInt64 = 0
    private var digits = 0
    private var content: UInt64 = 0
    private var chunks = 0
    /// Bytes that are neither content nor trailers.
    private var overhead = 0
    private var trailerLines = 0
    private var trailerSection: [UInt8] = []
    private var trailerLine = 0

    /// More digits than 64 bits need are refused, leading zeros included.
    private static let maximumDigits = 16
    private static let freeOverhead = 16 << 10
    private static let overheadPerChunk = 16

    init(limits: HTTPLimits, maximumContent: UInt64) {
        self.limits = limits
        self.maximumContent = maximumContent
    }

    /// After the end.
    func trailers(_ direction: FieldSection.Direction) throws(Malformation) -> Trailers? {
        try Trailers(trailerSection, direction: direction, lines: trailerLines)
    }

    mutating func next(_ input: RawSpan) -> (consumed: Int, step: Step) {
        var offset = 0
        while offset < input.byteCount {
            if state == .data {
                let count = min(size, UInt64(input.byteCount - offset))
                size -= count
                if size == 0 { state = .dataReturn }
                let end = offset + Int(count)
                return (end, .content(offset..<end))
            }
            do throws(Malformation) {
                try read(input.byte(offset))
            } catch {
                return (offset, .failed(error))
            }
            offset += 1
            if state == .done { return (offset, .end) }
        }
        return (offset, .needMore)
    }

    private mutating func read(_ byte: UInt8) throws(Malformation) {
        switch state {
        case .sizeStart, .size, .blank, .extension, .sizeLineFeed, .dataReturn, .dataLineFeed:
            overhead += 1
            guard overhead <= Self.freeOverhead + Self.overheadPerChunk * chunks else { throw .chunkOverhead }
            try readFraming(byte)
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed:
            try countTrailer()
            trailerSection.append(byte)
            try readTrailer(byte)
        case .data, .done: throw .chunk
        }
    }

    private mutating func readFraming(_ byte: UInt8) throws(Malformation) {
        switch state {
        case .sizeStart:
            chunks += 1
            try readDigit(byte)
            state = .size
        case .size:
            if ASCII.hexValue(byte) != nil { try readDigit(byte) } else { state = try afterSize(byte) }
        case .blank:
            guard ASCII.isBlank(byte) || byte == ASCII.semicolon else { throw .chunk }
            if byte == ASCII.semicolon { state = .extension }
        case .extension:
            if byte == ASCII.carriageReturn { state = .sizeLineFeed } else if ASCII.isControl(byte) { throw .chunk }
        case .sizeLineFeed:
            guard byte == ASCII.lineFeed else { throw .chunk }
            try beginChunk()
        case .dataReturn:
            guard byte == ASCII.carriageReturn else { throw .chunk }
            state = .dataLineFeed
        default:
            guard byte == ASCII.lineFeed else { throw .chunk }
            state = .sizeStart
        }
    }

    private mutating func readDigit(_ byte: UInt8) throws(Malformation) {
        digits += 1
        guard let value = ASCII.hexValue(byte), digits <= Self.maximumDigits else { throw .chunk }
        size = size << 4 | UInt64(value)
    }

    /// Blanks are let pass only in front of an extension (RFC 9112 §7.1.1).
    private func afterSize(_ byte: UInt8) throws(Malformation) -> State {
        switch byte {
        case ASCII.carriageReturn: .sizeLineFeed
        case ASCII.semicolon: .extension
        case ASCII.space, ASCII.tab: .blank
        default: throw .chunk
        }
    }

    private mutating func beginChunk() throws(Malformation) {
        let (sum, overflows) = content.addingReportingOverflow(size)
        guard !overflows, sum <= maximumContent else { throw .bodyTooLarge }
        content = sum
        digits = 0
        state = size == 0 ? .trailerStart : .data
    }

    private mutating func countTrailer() throws(Malformation) {
        trailerLine += 1
        guard trailerSection.count < limits.headers + 2, trailerLine <= limits.fieldLine + 2 else { throw .trailersTooLarge }
    }

    private mutating func readTrailer(_ byte: UInt8) throws(Malformation) {
        switch state {
        case .trailerStart where byte == ASCII.carriageReturn: state = .lastLineFeed
        case .trailerStart:
            guard ByteSet.token.contains(byte) else { throw .trailer }
            trailerLines += 1
            guard trailerLines <= limits.headerCount else { throw .trailersTooLarge }
            state = .trailerName
        case .trailerName where byte == ASCII.colon: state = .trailerValue
        case .trailerName:
            guard ByteSet.token.contains(byte) else { throw .trailer }
        case .trailerValue where byte == ASCII.carriageReturn: state = .trailerLineFeed
        case .trailerValue:
            guard !ASCII.isControl(byte) else { throw .trailer }
        default:
            guard byte == ASCII.lineFeed else { throw .trailer }
            trailerLine = 0
            state = state == .lastLineFeed ? .done : .trailerStart
        }
    }
}
