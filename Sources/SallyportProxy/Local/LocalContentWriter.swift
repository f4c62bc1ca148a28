import SallyportHTTP

extension LocalContent {
    /// Head and content as bytes. A field that would not be one line is left out.
    func bytes(date: [UInt8], close: Bool, isHEAD: Bool) -> [UInt8] {
        var reply = Array("HTTP/1.1 \(status) \(StatusPhrase.of(status))\r\n".utf8)
        reply += date
        if let contentType { reply += Array("content-type: \(contentType)\r\n".utf8) }
        for field in fields where !field.value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            reply += Array("\(field.name): \(field.value)\r\n".utf8)
        }
        if status != 204 { reply += Array("content-length: \(body.count)\r\n".utf8) }
        if close { reply += Array("connection: close\r\n".utf8) }
        reply += Array("\r\n".utf8)
        return isHEAD || status == 204 ? reply : reply + body
    }
}
