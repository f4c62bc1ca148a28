import NIOCore
import NIOEmbedded
import NIOHPACK

/// Frames as bytes (RFC 9113 §4.1), for connections without sockets.
struct HTTP2Bytes {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let acknowledgement = frame(4, 1)

    struct Frame: Equatable {
        let kind: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]
    }

    static func frame(_ kind: UInt8, _ flags: UInt8 = 0, on stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let length = UInt32(payload.count)
        return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), kind, flags] + bigEndian(stream) + payload
    }

    static func settings(_ values: [(UInt16, UInt32)] = []) -> [UInt8] {
        frame(4, 0, on: 0, values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] + bigEndian($1) })
    }

    static func bigEndian(_ number: UInt32) -> [UInt8] {
        [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }

    /// A whole request or response head.
    static func headers(
        _ fields: HPACKHeaders, on stream: UInt32, ends: Bool, _ encoder: inout HPACKEncoder
    ) throws -> [UInt8] {
        var block = ByteBuffer()
        try encoder.encode(headers: fields, to: &block)
        return frame(1, ends ? 5 : 4, on: stream, Array(block.readableBytesView))
    }

    /// What has left a channel since the last time.
    static func written(by channel: EmbeddedChannel, skipping: Int = 0) throws -> [Frame] {
        var bytes: [UInt8] = []
        while let piece = try channel.readOutbound(as: ByteBuffer.self) { bytes += Array(piece.readableBytesView) }
        var frames: [Frame] = []
        var place = skipping
        while place + 9 <= bytes.count {
            let length = Int(bytes[place]) << 16 | Int(bytes[place + 1]) << 8 | Int(bytes[place + 2])
            let stream = bytes[place + 5..<place + 9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
            let payload = Array(bytes[place + 9..<place + 9 + length])
            frames.append(Frame(kind: bytes[place + 3], flags: bytes[place + 4], stream: stream, payload: payload))
            place += 9 + length
        }
        return frames
    }
}
