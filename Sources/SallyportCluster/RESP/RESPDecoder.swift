/// Reads replies from bytes as they come, without sockets. Every byte is looked at once, however they are cut.
///
/// The server is our own, but nobody can say who answers at its address: everything is bounded, and what the protocol
/// has but we never ask for (streamed values, attributes) is refused.
package struct RESPDecoder {
    /// Bytes of one bulk value.
    package static let longestBulk = 1 << 20
    /// Bytes of a line, such as an error.
    package static let longestLine = 8 << 10
    /// Values in one reply, at all depths together.
    package static let mostValues = 10_000
    package static let deepest = 8
    /// Bytes of the bulk values of one reply together.
    package static let longestReply = 4 << 20

    private enum Kind { case array, set, map, push }

    private struct Frame {
        let kind: Kind
        var missing: Int
        var values: [RESPValue] = []

        var value: RESPValue {
            switch kind {
            case .array: .array(values)
            case .set: .set(values)
            case .map: .map(values)
            case .push: .push(values)
            }
        }
    }

    private struct Bulk {
        let length: Int
        let isError: Bool
    }

    private var bytes: [UInt8] = []
    /// What has been taken of `bytes`.
    private var taken = 0
    /// What has been searched for the end of a line.
    private var searched = 0
    private var frames: [Frame] = []
    private var bulk: Bulk?
    private var values = 0
    private var volume = 0
    private var fault: RESPFault?

    package init() {}

    package mutating func receive(_ new: Span<UInt8>) {
        if taken > 0 {
            bytes.removeFirst(taken)
            searched -= taken
            taken = 0
        }
        for index in new.indices { bytes.append(new[index]) }
    }

    /// The next whole reply; nil when there is none yet. After a fault there is never one again.
    package mutating func next() throws(RESPFault) -> RESPValue? {
        if let fault { throw fault }
        do throws(RESPFault) {
            while let value = try element() {
                guard let whole = try complete(with: value) else { continue }
                values = 0
                volume = 0
                return whole
            }
            return nil
        } catch {
            fault = error
            bytes = []
            (taken, searched) = (0, 0)
            throw error
        }
    }

    /// Puts a value where it belongs; the reply when that was the last one missing.
    private mutating func complete(with value: RESPValue) throws(RESPFault) -> RESPValue? {
        var value = value
        while var frame = frames.popLast() {
            frame.values.append(value)
            frame.missing -= 1
            guard frame.missing == 0 else {
                frames.append(frame)
                return nil
            }
            value = frame.value
        }
        return value
    }

    /// The next value that is no beginning of an aggregate.
    private mutating func element() throws(RESPFault) -> RESPValue? {
        while true {
            if let bulk { return try content(of: bulk) }
            guard let line = try line() else { return nil }
            values += 1
            guard values <= Self.mostValues else { throw .tooMany }
            if let value = try begin(line) { return value }
        }
    }

    /// Nil: the line opens a bulk value or an aggregate.
    private mutating func begin(_ line: ArraySlice<UInt8>) throws(RESPFault) -> RESPValue? {
        guard let type = line.first else { throw .malformed }
        let rest = line.dropFirst()
        switch type {
        case UInt8(ascii: "+"): return .simple(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: "-"): return .error(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: ":"): return .integer(try Self.number(rest))
        case UInt8(ascii: ","), UInt8(ascii: "("): return .number(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: "_") where rest.isEmpty: return .null
        case UInt8(ascii: "#") where rest.elementsEqual("t".utf8): return .boolean(true)
        case UInt8(ascii: "#") where rest.elementsEqual("f".utf8): return .boolean(false)
        case UInt8(ascii: "$"), UInt8(ascii: "="): return try beginBulk(rest, isError: false)
        case UInt8(ascii: "!"): return try beginBulk(rest, isError: true)
        case UInt8(ascii: "*"): return try beginFrame(.array, rest, times: 1)
        case UInt8(ascii: "~"): return try beginFrame(.set, rest, times: 1)
        case UInt8(ascii: ">"): return try beginFrame(.push, rest, times: 1)
        case UInt8(ascii: "%"): return try beginFrame(.map, rest, times: 2)
        default: throw .malformed
        }
    }

    private mutating func beginBulk(_ length: ArraySlice<UInt8>, isError: Bool) throws(RESPFault) -> RESPValue? {
        let length = try Self.number(length)
        // Version 2's null.
        if length == -1 { return .null }
        guard length >= 0 else { throw .malformed }
        guard length <= Self.longestBulk else { throw .tooLong }
        volume += Int(length)
        guard volume <= Self.longestReply else { throw .tooLong }
        bulk = Bulk(length: Int(length), isError: isError)
        return nil
    }

    private mutating func beginFrame(
        _ kind: Kind, _ count: ArraySlice<UInt8>, times: Int
    ) throws(RESPFault) -> RESPValue? {
        let count = try Self.number(count)
        if count == -1 { return .null }
        guard count >= 0 else { throw .malformed }
        guard count <= Self.mostValues / times else { throw .tooMany }
        let frame = Frame(kind: kind, missing: Int(count) * times)
        if count == 0 { return frame.value }
        guard frames.count < Self.deepest else { throw .tooDeep }
        frames.append(frame)
        return nil
    }

    private mutating func content(of bulk: Bulk) throws(RESPFault) -> RESPValue? {
        guard bytes.count - taken >= bulk.length + 2 else { return nil }
        let end = taken + bulk.length
        guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { throw .malformed }
        let content = bytes[taken..<end]
        taken = end + 2
        searched = taken
        self.bulk = nil
        return bulk.isError ? .error(String(decoding: content, as: UTF8.self)) : .bulk(Array(content))
    }

    /// Up to the next CR LF, without it.
    private mutating func line() throws(RESPFault) -> ArraySlice<UInt8>? {
        while searched < bytes.count {
            guard searched - taken <= Self.longestLine else { throw .tooLong }
            if bytes[searched] == 0x0A { throw .malformed }
            if bytes[searched] == 0x0D {
                guard searched + 1 < bytes.count else { return nil }
                guard bytes[searched + 1] == 0x0A else { throw .malformed }
                defer {
                    taken = searched + 2
                    searched = taken
                }
                return bytes[taken..<searched]
            }
            searched += 1
        }
        return nil
    }

    /// Decimal digits with an optional sign, at most 64 bits.
    private static func number(_ text: ArraySlice<UInt8>) throws(RESPFault) -> Int64 {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative || text.first == UInt8(ascii: "+") ? text.dropFirst() : text
        guard (1...19).contains(digits.count) else { throw .malformed }
        var number: Int64 = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { throw .malformed }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int64(byte - 0x30))
            guard !overflow, !carry else { throw .malformed }
            number = sum
        }
        if isNegative { return number }
        guard number > .min else { throw .malformed }
        return -number
    }
}
