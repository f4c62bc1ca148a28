import SallyportModel

/// Version 2: sixteen bytes, addresses, then type-length-value entries.
enum ProxyBinaryBlock {
    /// The kinds of entries that mean something here.
    enum Kind {
        static let alpn: UInt8 = 0x01
        static let authority: UInt8 = 0x02
        static let checksum: UInt8 = 0x03
        static let tls: UInt8 = 0x20
    }

    /// - Parameter block: Whole: signature, twelve to sixteen, and as many bytes as it announces.
    static func parse(_ block: [UInt8]) throws(ProxyFault) -> ProxyHeader {
        guard block[12] >> 4 == 2 else { throw ProxyFault(.proxyHeaderMalformed, "version \(block[12] >> 4)") }
        switch block[12] & 0xf {
        // For itself; what follows is to be passed over.
        case 0: return ProxyHeader()
        case 1: break
        default: throw ProxyFault(.proxyHeaderMalformed, "an unknown command")
        }
        guard let length = addressLength(block[13]) else {
            throw ProxyFault(.proxyHeaderMalformed, "an address family or transport that no TCP connection has")
        }
        guard block.count >= 16 + 2 * length + (length == 108 ? 0 : length == 0 ? 0 : 4) else {
            throw ProxyFault(.proxyHeaderMalformed, "it is too short for its addresses")
        }
        var header = ProxyHeader(addresses: addresses(block, length: length))
        let start = length == 0 ? 16 : length == 108 ? 232 : 20 + 2 * length
        try readEntries(block, from: start, into: &header)
        return header
    }

    /// Bytes of one address by family and transport.
    private static func addressLength(_ family: UInt8) -> Int? {
        switch family {
        case 0x00: 0
        case 0x11: 4
        case 0x21: 16
        case 0x31: 108
        default: nil
        }
    }

    private static func addresses(_ block: [UInt8], length: Int) -> ProxyHeader.Addresses? {
        guard length == 4 || length == 16 else { return nil }
        func endpoint(_ index: Int) -> ProxyHeader.Endpoint? {
            let address = Array(block[(16 + index * length)..<(16 + (index + 1) * length)])
            let port = 16 + 2 * length + 2 * index
            return ProxyHeader.Endpoint(address: address, port: UInt16(block[port]) << 8 | UInt16(block[port + 1]))
        }
        guard let source = endpoint(0), let destination = endpoint(1) else { return nil }
        return ProxyHeader.Addresses(source: source, destination: destination)
    }

    private static func readEntries(_ block: [UInt8], from start: Int, into header: inout ProxyHeader) throws(ProxyFault) {
        var place = start
        var seen: Set<UInt8> = []
        while place < block.count {
            guard place + 3 <= block.count else { throw ProxyFault(.proxyHeaderMalformed, "an entry is cut short") }
            let length = Int(block[place + 1]) << 8 | Int(block[place + 2])
            let value = place + 3
            guard value + length <= block.count else { throw ProxyFault(.proxyHeaderMalformed, "an entry is cut short") }
            let kind = block[place]
            let isOurs = [Kind.alpn, Kind.authority, Kind.checksum].contains(kind)
            guard !isOurs || seen.insert(kind).inserted else {
                throw ProxyFault(.proxyHeaderMalformed, "an entry stands there twice")
            }
            try read(kind, block, value..<(value + length), into: &header)
            place = value + length
        }
    }

    private static func read(
        _ kind: UInt8, _ block: [UInt8], _ range: Range<Int>, into header: inout ProxyHeader
    ) throws(ProxyFault) {
        switch kind {
        case Kind.alpn where (1...255).contains(range.count): header.alpn = Array(block[range])
        case Kind.authority where (1...255).contains(range.count):
            guard block[range].allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw ProxyFault(.proxyHeaderMalformed, "an authority that is no name")
            }
            header.authority = String(decoding: block[range], as: UTF8.self)
        case Kind.checksum: try check(block, range)
        case Kind.alpn, Kind.authority: throw ProxyFault(.proxyHeaderMalformed, "an entry is empty or too long")
        default: break
        }
    }

    private static func check(_ block: [UInt8], _ range: Range<Int>) throws(ProxyFault) {
        guard range.count == 4 else { throw ProxyFault(.proxyHeaderMalformed, "a checksum of \(range.count) bytes") }
        let claimed = block[range].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        var blank = block
        for index in range { blank[index] = 0 }
        guard CRC32C.of(blank) == claimed else { throw ProxyFault(.proxyChecksumWrong, "the CRC-32c does not fit") }
    }
}
