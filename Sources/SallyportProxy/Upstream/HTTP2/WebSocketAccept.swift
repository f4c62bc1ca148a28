import Crypto
import SallyportHTTP

/// What a server of HTTP/1.1 proves with that it understood a WebSocket's handshake (RFC 6455 §4.2.2). Over HTTP/2 nobody
/// says it, so where a client of HTTP/1.1 meets an upstream of HTTP/2 the gateway does.
struct WebSocketAccept {
    let value: [UInt8]

    private static let suffix = Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)

    /// Nil when the request has no key, more than one, or none of 16 bytes in Base64 (RFC 6455 §4.2.1).
    init?(_ request: RequestHead) {
        let keys = request.fields(named: "sec-websocket-key")
        guard keys.count == 1, let field = keys.first, field.isForwarded else { return nil }
        let key = request.bytes[field.valueRange]
        guard key.count == 24, key.dropLast(2).allSatisfy(Self.isDigit), key.suffix(2).elementsEqual("==".utf8) else {
            return nil
        }
        value = Base64.encoded(Array(Insecure.SHA1.hash(data: key + Self.suffix)))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
