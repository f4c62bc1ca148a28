import NIOCore
import NIOHPACK
import SallyportHTTP
import SallyportModel

/// Field lists of the gateway's answers (RFC 9113 §8.3.2).
enum HTTP2ResponseBlock {
    static func head(_ response: ResponseHead, _ plan: ResponsePlan, date: [UInt8]) -> HPACKHeaders {
        var block = HPACKHeaders()
        block.reserveCapacity(response.fields.count + 4)
        // An upgrade is an answer like any other here (RFC 8441 §5).
        block.add(name: ":status", value: response.opensTunnel ? "200" : "\(response.status)")
        HTTP2Fields.forEachForwarded(in: response) { name, value in
            guard !response.opensTunnel || name != "sec-websocket-accept" else { return }
            block.append(name, value)
        }
        if let length = length(response, plan) {
            block.add(name: "content-length", value: "\(length)", indexing: .nonIndexable)
        }
        block.append(lines: plan.added)
        if !response.hasDate, !response.isInterim { block.append(lines: date) }
        return block
    }

    private static func length(_ response: ResponseHead, _ plan: ResponsePlan) -> UInt64? {
        guard !response.isInterim, !response.opensTunnel else { return nil }
        return if case .length(let length) = plan.framing { length } else { response.declaredLength }
    }

    static let `continue`: HPACKHeaders = [":status": "100"]

    static func trailers(_ trailers: Trailers) -> HPACKHeaders? {
        guard trailers.hasForwarded else { return nil }
        var block = HPACKHeaders()
        HTTP2Fields.forEachForwarded(in: trailers) { name, value in block.append(name, value) }
        return block.fitsFrame ? block : nil
    }

    /// The gateway's own problem.
    static func problem(_ reply: LocalReply, length: Int, date: [UInt8]) -> HPACKHeaders {
        var block: HPACKHeaders = [
            ":status": "\(reply.reason.status ?? 500)", "content-type": "application/problem+json",
            "cache-control": "no-store",
        ]
        block.add(name: "content-length", value: "\(length)", indexing: .nonIndexable)
        block.append(lines: date)
        for field in reply.fields { block.append(own: field) }
        return block
    }

    static func content(_ content: LocalContent, date: [UInt8]) -> HPACKHeaders {
        var block: HPACKHeaders = [":status": "\(content.status)"]
        block.append(lines: date)
        if let type = content.contentType { block.add(name: "content-type", value: type) }
        for field in content.fields { block.append(own: field) }
        if content.status != 204 {
            block.add(name: "content-length", value: "\(content.body.count)", indexing: .nonIndexable)
        }
        return block
    }
}

extension HPACKHeaders {
    /// A field of the upstream's. What differs from answer to answer would only push out of the table what comes again.
    fileprivate mutating func append(_ name: String, _ value: String) {
        switch name {
        case "set-cookie", "www-authenticate": add(name: name, value: value, indexing: .neverIndexed)
        case "etag", "last-modified", "content-range", "expires", "age", "location", "date":
            add(name: name, value: value, indexing: .nonIndexable)
        default: add(name: name, value: value)
        }
    }

    fileprivate mutating func append(lines: [UInt8]) {
        guard !lines.isEmpty else { return }
        HTTP2Fields.forEachLine(lines) { name, value in append(name, value) }
    }

    /// A field that would break the message is left out.
    fileprivate mutating func append(own field: (name: String, value: String)) {
        guard !field.value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }),
            field.name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x3a }), !field.name.isEmpty
        else { return }
        add(name: field.name.lowercased(), value: field.value, indexing: .nonIndexable)
    }

    /// Whether it goes into one frame of the size that every peer takes. The library makes no CONTINUATION, and what it
    /// then can't write has changed its compression already: the peer would read other fields from there on.
    var fitsFrame: Bool {
        if largestEncoding <= HTTP2ServerSettings.frame { return true }
        var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
        var block = ByteBuffer()
        do { try encoder.encode(headers: self, to: &block) } catch { return false }
        // Of another table, the numbers of fields may be longer.
        return block.readableBytes + 4 * count <= HTTP2ServerSettings.frame
    }

    /// At most so many bytes on the wire: no field compresses to more than this.
    var largestEncoding: Int {
        reduce(0) { $0 + HTTP2HuffmanBound.bytes($1.name) + HTTP2HuffmanBound.bytes($1.value) + 8 }
    }
}

/// Bounds what the Huffman code of RFC 7541 makes of a text.
enum HTTP2HuffmanBound {
    /// Letters, digits and what is usual in fields take at most eight bits, the rest of ASCII nineteen, all else thirty.
    static func bytes(_ text: String) -> Int {
        var bits = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                0x20, 0x25, 0x26, 0x2A, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3B, 0x3D, 0x5F:
                bits += 8
            case 0x20..<0x7F: bits += 19
            default: bits += 30
            }
        }
        return bits / 8 + 1
    }
}
