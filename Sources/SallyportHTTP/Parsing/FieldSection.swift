/// The field lines of one head, and what the gateway needs of them, gathered in the one pass that checks them.
struct FieldSection {
    enum Direction { case request, response }

    private(set) var fields: [Field] = []
    private(set) var host = Occurrence()
    private(set) var contentLength = Occurrence()
    private(set) var transferEncoding = Occurrence()
    private(set) var expect = Occurrence()
    private(set) var maxForwards = Occurrence()
    private(set) var upgrade = Occurrence()
    private(set) var te = Occurrence()
    private(set) var options = ConnectionOptions()
    private(set) var underscoreFields = 0
    private var hasConnection = false
    private let direction: Direction

    /// Where a field stands, and whether it stands more than once.
    struct Occurrence {
        fileprivate(set) var index = 0
        fileprivate(set) var count = 0
    }

    /// Reads from `start`, the first byte after the start line, to the empty line that ends the head.
    /// - Parameter capacity: how many field lines to expect.
    init(_ bytes: RawSpan, from start: Int, capacity: Int, direction: Direction) throws(Malformation) {
        self.direction = direction
        fields.reserveCapacity(capacity)
        var offset = start
        while offset < bytes.byteCount, bytes.byte(offset) != ASCII.carriageReturn {
            offset = try readLine(bytes, at: offset)
        }
        guard offset + 2 == bytes.byteCount, bytes.byte(offset + 1) == ASCII.lineFeed else { throw .lineEnd }
        if hasConnection { try readConnectionFields(bytes) }
    }

    /// Checks one field line (RFC 9112 §5) and records it.
    /// - Returns: the offset of the next line.
    private mutating func readLine(_ bytes: RawSpan, at start: Int) throws(Malformation) -> Int {
        let nameEnd = FieldSection.endOfName(bytes, from: start)
        let colon = try colonOffset(bytes, nameStart: start, nameEnd: nameEnd)
        var valueStart = colon + 1
        while ASCII.isBlank(bytes.byte(valueStart)) { valueStart += 1 }
        let end = bytes.firstControl(from: valueStart)
        guard end + 1 < bytes.byteCount, bytes.byte(end) == ASCII.carriageReturn else {
            throw FieldSection.blame(bytes, end)
        }
        guard bytes.byte(end + 1) == ASCII.lineFeed else { throw .lineEnd }
        var valueEnd = end
        while valueEnd > valueStart, ASCII.isBlank(bytes.byte(valueEnd - 1)) { valueEnd -= 1 }
        record(bytes, name: start..<nameEnd, value: valueStart..<valueEnd)
        return end + 2
    }

    private static func endOfName(_ bytes: RawSpan, from start: Int) -> Int {
        var offset = start
        while ByteSet.token.contains(bytes.byte(offset)) { offset &+= 1 }
        return offset
    }

    /// White space before the colon is refused in requests and taken away from responses (RFC 9112 §5.1). An empty
    /// name stands for a folded line, too (§5.2).
    private func colonOffset(_ bytes: RawSpan, nameStart: Int, nameEnd: Int) throws(Malformation) -> Int {
        guard nameEnd > nameStart else { throw FieldSection.blame(bytes, nameStart) }
        var offset = nameEnd
        if direction == .response {
            while ASCII.isBlank(bytes.byte(offset)) { offset += 1 }
        }
        guard bytes.byte(offset) == ASCII.colon else { throw FieldSection.blame(bytes, offset) }
        return offset
    }

    private static func blame(_ bytes: RawSpan, _ offset: Int) -> Malformation {
        guard offset < bytes.byteCount else { return .lineEnd }
        let byte = bytes.byte(offset)
        if byte == ASCII.lineFeed { return .lineEnd }
        let isBareReturn =
            byte == ASCII.carriageReturn
            && (offset + 1 >= bytes.byteCount || bytes.byte(offset + 1) != ASCII.lineFeed)
        return isBareReturn ? .lineEnd : .field
    }

    private mutating func record(_ bytes: RawSpan, name: Range<Int>, value: Range<Int>) {
        let known = KnownField(name, in: bytes)
        let isUnderscored = direction == .request && known == .other && FieldSection.hasUnderscore(bytes, name)
        if isUnderscored { underscoreFields += 1 }
        let isDropped = known.isHopByHop || (direction == .request && known.isRewrittenInRequests) || isUnderscored
        note(known)
        fields.append(
            Field(
                nameStart: UInt32(name.lowerBound), nameEnd: UInt32(name.upperBound),
                valueStart: UInt32(value.lowerBound), valueEnd: UInt32(value.upperBound),
                known: known, isForwarded: !isDropped))
    }

    private static func hasUnderscore(_ bytes: RawSpan, _ name: Range<Int>) -> Bool {
        var offset = name.lowerBound
        while offset < name.upperBound, bytes.byte(offset) != ASCII.underscore { offset &+= 1 }
        return offset < name.upperBound
    }

    private mutating func note(_ known: KnownField) {
        switch known {
        case .host: host.add(fields.count)
        case .contentLength: contentLength.add(fields.count)
        case .transferEncoding: transferEncoding.add(fields.count)
        case .expect: expect.add(fields.count)
        case .maxForwards: maxForwards.add(fields.count)
        case .upgrade: upgrade.add(fields.count)
        case .te: te.add(fields.count)
        case .connection: hasConnection = true
        default: break
        }
    }

    private mutating func readConnectionFields(_ bytes: RawSpan) throws(Malformation) {
        for index in fields.indices where fields[index].known == .connection {
            try options.read(fields[index].valueRange, in: bytes)
        }
        for name in options.nominated {
            for index in fields.indices
            where bytes.sameText(fields[index].nameRange, name) && fields[index].known.mayBeNominated {
                fields[index].isForwarded = false
            }
        }
    }

    func value(_ occurrence: Occurrence) -> Range<Int> { fields[occurrence.index].valueRange }
}

extension FieldSection.Occurrence {
    fileprivate mutating func add(_ position: Int) {
        if count == 0 { index = position }
        count += 1
    }
}
