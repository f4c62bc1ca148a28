import SallyportModel

/// The answer to a client that speaks HTTP without TLS: a whole HTTP/1.1 response with an RFC 9457 problem.
enum PlainHTTPReply {
    static let bytes: [UInt8] = {
        let reason = Reason.plainHTTP
        let body = """
            {"type":"about:blank","title":"\(reason.title)","status":400,"code":"\(reason.name)",\
            "detail":"This port speaks TLS. Use https."}

            """
        let head = """
            HTTP/1.1 400 Bad Request\r
            content-type: application/problem+json\r
            content-length: \(body.utf8.count)\r
            cache-control: no-store\r
            connection: close\r
            \r

            """
        return Array((head + body).utf8)
    }()
}
