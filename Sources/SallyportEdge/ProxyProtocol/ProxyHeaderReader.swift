import SallyportModel

/// Takes a PROXY header off the beginning of a stream, however it is cut into pieces, and nothing of what follows it.
///
/// Strict: what the specification does not allow is refused at the first byte that shows it. Memory is bounded by the
/// longest header.
package struct ProxyHeaderReader: Sendable {
    package enum Outcome: Sendable, Hashable {
        case needMore
        /// `consumed` counts the bytes of the last piece that belong to the header.
        case header(ProxyHeader, consumed: Int)
        case refused(ProxyFault)
    }

    private var bytes: [UInt8] = []

    package init() {}

    /// To be called until it says something else than `needMore`.
    package mutating func read(_ piece: some Collection<UInt8>) -> Outcome {
        var consumed = 0
        for byte in piece {
            bytes.append(byte)
            consumed += 1
            do throws(ProxyFault) {
                if let header = try step() { return .header(header, consumed: consumed) }
            } catch {
                return .refused(error)
            }
        }
        return .needMore
    }

    /// After each byte.
    private func step() throws(ProxyFault) -> ProxyHeader? {
        if bytes[0] == ProxyHeader.textPrefix[0] { return try textStep() }
        if bytes[0] == ProxyHeader.signature[0] { return try binaryStep() }
        throw ProxyFault(.proxyHeaderMissing, "the first byte is none of a PROXY header")
    }

    private func textStep() throws(ProxyFault) -> ProxyHeader? {
        let place = bytes.count - 1
        if place < ProxyHeader.textPrefix.count {
            guard bytes[place] == ProxyHeader.textPrefix[place] else {
                throw ProxyFault(.proxyHeaderMissing, "it begins like a PROXY header and is none")
            }
            return nil
        }
        if bytes.count >= 2, bytes[place - 1] == 0x0d {
            guard bytes[place] == 0x0a else { throw ProxyFault(.proxyHeaderMalformed, "a line end inside the line") }
            return try ProxyTextLine.parse(bytes.dropLast(2))
        }
        guard bytes[place] == 0x0d || (0x20...0x7e).contains(bytes[place]) else {
            throw ProxyFault(.proxyHeaderMalformed, "a byte that is no printable character")
        }
        // A carriage return as the last byte but one is the last chance.
        guard bytes.count < ProxyHeader.mostText else {
            throw ProxyFault(.proxyHeaderTooLong, "no line end within \(ProxyHeader.mostText) bytes")
        }
        return nil
    }

    private func binaryStep() throws(ProxyFault) -> ProxyHeader? {
        let place = bytes.count - 1
        if place < ProxyHeader.signature.count {
            guard bytes[place] == ProxyHeader.signature[place] else {
                throw ProxyFault(.proxyHeaderMissing, "it begins like a PROXY header and is none")
            }
            return nil
        }
        guard bytes.count >= 16 else { return nil }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard length <= ProxyHeader.mostContent else {
            throw ProxyFault(.proxyHeaderTooLong, "\(length) bytes are announced")
        }
        return bytes.count == 16 + length ? try ProxyBinaryBlock.parse(bytes) : nil
    }
}
