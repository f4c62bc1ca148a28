/// Builds ClientHello messages, right and wrong, field by field.
struct HelloBytes {
    var type: UInt8 = 1
    var version: [UInt8] = [3, 3]
    var session: [UInt8] = []
    var suites: [UInt8] = [0x13, 0x01, 0xC0, 0x2B]
    var compression: [UInt8] = [0]
    /// Nil leaves the whole block out.
    var extensions: [(type: UInt16, data: [UInt8])]? = HelloBytes.modern
    /// Stands behind the extensions.
    var tail: [UInt8] = []

    static let modern: [(type: UInt16, data: [UInt8])] = [
        (0, serverName(["api.example.org"])),
        (10, list16([0x11EC, 0x001D])),
        (13, list16([0x0403, 0x0804])),
        (16, alpn(["h2", "http/1.1"])),
        (43, [4, 3, 4, 3, 3]),
        (0x3A3A, [0]),
    ]

    static func two(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }
    static func list16(_ values: [UInt16]) -> [UInt8] { two(values.count * 2) + values.flatMap { two(Int($0)) } }
    static func serverName(_ names: [String], type: UInt8 = 0) -> [UInt8] {
        let entries = names.flatMap { [type] + two($0.utf8.count) + Array($0.utf8) }
        return two(entries.count) + entries
    }
    static func alpn(_ names: [String]) -> [UInt8] {
        let entries = names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return two(entries.count) + entries
    }

    /// The same with one extension replaced, added, or (data nil) removed.
    func with(_ type: UInt16, _ data: [UInt8]?) -> HelloBytes {
        var copy = self
        copy.extensions = (extensions ?? []).filter { $0.type != type } + (data.map { [(type, $0)] } ?? [])
        return copy
    }

    /// The handshake message with its header.
    var message: [UInt8] {
        var body = version + [UInt8](repeating: 7, count: 32)
        body += [UInt8(session.count)] + session
        body += Self.two(suites.count) + suites
        body += [UInt8(compression.count)] + compression
        if let extensions {
            let block = extensions.flatMap { Self.two(Int($0.type)) + Self.two($0.data.count) + $0.data }
            body += Self.two(block.count) + block
        }
        body += tail
        return [type, UInt8(body.count >> 16)] + Self.two(body.count & 0xFFFF) + body
    }

    /// The message in records of at most this many bytes.
    func records(of size: Int = 16384) -> [UInt8] { Self.records(message, of: size) }

    static func records(_ message: [UInt8], of size: Int) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            let part = message[start..<min(start + size, message.count)]
            return [22, 3, 1] + two(part.count) + part
        }
    }
}
