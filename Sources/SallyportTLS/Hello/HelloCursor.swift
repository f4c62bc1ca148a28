import SallyportModel

/// Reads the presentation language of TLS (RFC 8446 section 3.4) out of a part of a message, never beyond its end.
struct HelloCursor {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    init(_ bytes: [UInt8], from position: Int) {
        self.bytes = bytes
        self.position = position
        end = bytes.count
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var isEmpty: Bool { position == end }
    var count: Int { end - position }
    /// What has not been read yet.
    var remainder: ArraySlice<UInt8> { bytes[position..<end] }

    mutating func skip(_ count: Int) throws(HelloFault) {
        _ = try take(count)
    }

    /// - Returns: views into the message.
    mutating func take(bytes count: Int) throws(HelloFault) -> ArraySlice<UInt8> {
        bytes[try take(count)]
    }

    mutating func uint8() throws(HelloFault) -> UInt8 {
        bytes[try take(1).lowerBound]
    }

    mutating func uint16() throws(HelloFault) -> UInt16 {
        let start = try take(2).lowerBound
        return UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1])
    }

    /// A vector whose length stands before it in one byte.
    mutating func vector8() throws(HelloFault) -> HelloCursor {
        let length = Int(try uint8())
        return HelloCursor(bytes, try take(length))
    }

    /// A vector whose length stands before it in two bytes.
    mutating func vector16() throws(HelloFault) -> HelloCursor {
        let length = Int(try uint16())
        return HelloCursor(bytes, try take(length))
    }

    /// A vector whose length stands before it in three bytes.
    mutating func vector24() throws(HelloFault) -> HelloCursor {
        let high = Int(try uint8()) << 16
        return HelloCursor(bytes, try take(high | Int(try uint16())))
    }

    /// The rest as a list of at least one two-byte value.
    mutating func uint16List() throws(HelloFault) -> [UInt16] {
        guard count >= 2, count % 2 == 0 else {
            throw HelloFault(.helloMalformed, "a list is empty or has an odd length")
        }
        var list: [UInt16] = []
        list.reserveCapacity(count / 2)
        while !isEmpty { list.append(try uint16()) }
        return list
    }

    /// Refuses what stands behind the last expected field.
    func finish() throws(HelloFault) {
        guard isEmpty else { throw HelloFault(.helloMalformed, "bytes stand behind the end of a structure") }
    }

    private mutating func take(_ count: Int) throws(HelloFault) -> Range<Int> {
        guard count <= end - position else {
            throw HelloFault(.helloMalformed, "a length points beyond the end of its structure")
        }
        defer { position += count }
        return position..<(position + count)
    }
}
