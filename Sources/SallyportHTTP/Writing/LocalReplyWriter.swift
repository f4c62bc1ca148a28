import SallyportModel

/// The gateway's own answers: RFC 9457 problems that say a code, a title and a request id, and nothing else.
package struct LocalReplyWriter: Sendable {
    /// Ends the connection after the reply.
    package var close: Bool
    /// The reply to HEAD has the same head and no content.
    package var isHEAD: Bool
    /// Complete `date: …` line with line end, or empty.
    package var date: [UInt8]

    package init(close: Bool, isHEAD: Bool = false, date: [UInt8] = []) {
        self.close = close
        self.isHEAD = isHEAD
        self.date = date
    }

    /// Writes head and content. A reason without a status is answered with 500.
    /// - Parameter requestID: the gateway's own: letters, digits and hyphens. It is escaped nevertheless.
    /// - Returns: the number of bytes of content.
    @discardableResult
    package func write(_ reply: LocalReply, requestID: String, into out: inout [UInt8]) -> Int {
        let status = reply.reason.status ?? 500
        let content = Self.problem(reply.reason, status: status, requestID: requestID, quota: reply.quota)
        out.append("HTTP/1.1 ")
        out.append(decimal: UInt64(status))
        out.append(ASCII.space)
        out.append(StatusPhrase.of(status))
        out.append("\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\nContent-Length: ")
        out.append(decimal: UInt64(content.count))
        out.append("\r\n")
        if close { out.append("Connection: close\r\n") }
        out.append(contentsOf: date)
        for field in reply.fields { Self.write(field, into: &out) }
        out.append("\r\n")
        guard !isHEAD else { return 0 }
        out.append(contentsOf: content)
        return content.count
    }

    /// A field that would not be one line is left out: a reply lacks it rather than be split in two.
    private static func write(_ field: (name: String, value: String), into out: inout [UInt8]) {
        guard !field.name.isEmpty, field.name.utf8.allSatisfy(ByteSet.token.contains),
            !field.value.utf8.contains(where: ASCII.isControl)
        else { return }
        out.append(utf8: field.name)
        out.append(": ")
        out.append(utf8: field.value)
        out.append("\r\n")
    }

    /// The content alone, as it is the same in every version of HTTP.
    package static func problem(
        _ reason: Reason, status: UInt16, requestID: String, quota: QuotaProblem? = nil
    ) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(192)
        json.append("{\"type\":\"")
        json.append(utf8: quota?.type.rawValue ?? "urn:sallyport:\(reason.name)")
        json.append("\",\"title\":\"")
        appendEscaped(reason.title.description, to: &json)
        json.append("\",\"status\":")
        json.append(decimal: UInt64(status))
        json.append(",\"code\":\"")
        json.append(utf8: reason.name)
        json.append("\",\"request_id\":\"")
        appendEscaped(requestID, to: &json)
        json.append("\"")
        if let quota { append(quota, to: &json) }
        json.append("}\n")
        return json
    }

    /// draft-ietf-httpapi-ratelimit-headers-11 §6.
    private static func append(_ quota: QuotaProblem, to json: inout [UInt8]) {
        json.append(",\"violated-policies\":[")
        for (index, name) in quota.violatedPolicies.enumerated() {
            json.append(index == 0 ? "\"" : ",\"")
            appendEscaped(name, to: &json)
            json.append("\"")
        }
        json.append("]")
    }

    /// RFC 8259 §7.
    private static func appendEscaped(_ text: String, to json: inout [UInt8]) {
        for byte in text.utf8 {
            if byte < 0x20 {
                json.append("\\u00")
                json.append(ASCII.hexDigit(byte >> 4))
                json.append(ASCII.hexDigit(byte & 15))
            } else {
                if byte == ASCII.quote || byte == ASCII.backslash { json.append(ASCII.backslash) }
                json.append(byte)
            }
        }
    }
}
