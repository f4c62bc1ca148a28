/// Lists the fields of a message for HTTP/2 (RFC 9113 §8.2): names in lower case, nothing of a connection.
package enum HTTP2Fields {
    /// The fields of a head that go on, in order.
    package static func forEachForwarded(in head: some HeadFields, _ body: (_ name: String, _ value: String) -> Void) {
        for field in head.fields where field.isForwarded {
            body(lowercase(head.bytes[field.nameRange]), text(head.bytes[field.valueRange]))
        }
    }

    /// The fields of complete `name: value` lines with line ends, as the gateway itself writes them.
    package static func forEachLine(_ lines: [UInt8], _ body: (_ name: String, _ value: String) -> Void) {
        var start = 0
        while let lineFeed = lines[start...].firstIndex(of: ASCII.lineFeed) {
            defer { start = lineFeed + 1 }
            guard let colon = lines[start..<lineFeed].firstIndex(of: ASCII.colon) else { continue }
            var value = colon + 1..<lineFeed
            while let first = value.first, ASCII.isBlank(lines[first]) { value = first + 1..<value.upperBound }
            while let last = value.last, lines[last] == ASCII.carriageReturn || ASCII.isBlank(lines[last]) {
                value = value.lowerBound..<last
            }
            body(lowercase(lines[start..<colon]), text(lines[value]))
        }
    }

    private static func lowercase(_ name: ArraySlice<UInt8>) -> String {
        String(unsafeUninitializedCapacity: name.count) { out in
            var count = 0
            for byte in name {
                out[count] = ASCII.lowercase(byte)
                count += 1
            }
            return count
        }
    }

    /// A value that is not UTF-8 is taken for ISO 8859-1, which is what such values are (RFC 9110 §5.5): the HPACK encoder
    /// takes text only.
    private static func text(_ value: ArraySlice<UInt8>) -> String {
        if let text = String(validating: value, as: UTF8.self) { return text }
        return String(decoding: value.map { UInt16($0) }, as: UTF16.self)
    }
}
