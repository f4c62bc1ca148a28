import SallyportHTTP

/// Which responses may be compressed on their way. What is compressed already, what must not be changed and what is sent
/// piece by piece stays as it is.
package enum CompressibleContent {
    /// Smaller content gains nothing, bytes.
    static let minimumLength: UInt64 = 1024

    /// Whether this response may be encoded for some client. One without content, to HEAD or a 304, is judged by what it
    /// says of the content that it stands for.
    package static func isEligible(_ response: ResponseHead) -> Bool {
        guard isLongEnough(response), hasRepresentation(response.status), response.firstField(.contentEncoding) == nil,
            response.values(of: "content-range").isEmpty
        else { return false }
        return isCompressible(response) && mayBeTransformed(response)
    }

    private static func isLongEnough(_ response: ResponseHead) -> Bool {
        switch response.framing {
        case .none: response.declaredLength ?? minimumLength >= minimumLength
        case .length(let length): length >= minimumLength
        case .chunked, .untilClose: true
        }
    }

    /// A part is not encoded: ranges count in what the upstream has.
    private static func hasRepresentation(_ status: UInt16) -> Bool {
        switch status {
        case 0..<200, 204, 205, 206: false
        default: true
        }
    }

    private static func isCompressible(_ response: ResponseHead) -> Bool {
        // A 304 says nothing of it, and may stand for anything (RFC 9110 §15.4.5).
        guard let value = response.value(of: .contentType) else { return response.status == 304 }
        let type = value.prefix { $0 != ";" && $0 != " " }.lowercased()
        if type == "text/event-stream" { return false }
        return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml") || types.contains(type)
    }

    private static let types: Set = [
        "application/json", "application/javascript", "application/xml", "application/wasm", "application/x-ndjson",
        "application/problem+json", "application/graphql", "application/manifest+json", "font/ttf", "font/otf",
    ]

    /// RFC 9111 §5.2.2.6.
    private static func mayBeTransformed(_ response: ResponseHead) -> Bool {
        !response.values(of: "cache-control").contains { $0.lowercased().contains("no-transform") }
    }

    /// What describes the content as it was, and is not true any more (RFC 9110 §8.4, §8.8.3, RFC 9530).
    package static let outdatedFields = ["etag", "accept-ranges", "content-md5", "digest", "content-digest", "repr-digest"]

    /// The strong validator of the original is a weak one of what is sent (RFC 9110 §8.8.1). Nil where there is none, or none
    /// that is understood.
    package static func weakTag(_ response: ResponseHead) -> String? {
        let tags = response.values(of: "etag")
        guard tags.count == 1, let tag = tags.first else { return nil }
        if tag.hasPrefix("W/\"") { return tag }
        return tag.hasPrefix("\"") ? "W/" + tag : nil
    }
}
