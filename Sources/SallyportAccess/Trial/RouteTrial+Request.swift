import SallyportConfig
import SallyportHTTP
import SallyportModel

// The request that is tried, as a client would send it.
extension RouteTrial {
    static func split(_ url: String) -> (authority: String, target: String) {
        var rest = Substring(url)
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            let target = rest[slash...]
            return (String(rest[..<slash]), target.hasPrefix("/") ? String(target) : "/" + target)
        }
        return ("localhost", url)
    }

    struct Refusal: Error { let reason: Reason }

    /// Through the parser that reads what clients send, so that the path is what it would be in the gateway.
    static func parse(
        _ request: Request, authority: String, target: String, limits: Limits
    ) -> Result<RequestHead, Refusal> {
        let fields = request.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let bytes = Array("\(request.method) \(target) HTTP/1.1\r\nhost: \(authority)\r\n\(fields)\r\n".utf8)
        var parser = RequestParser(
            limits: HTTPLimits(headers: limits.headers, headerCount: limits.headerCount, body: limits.body))
        switch parser.next(bytes.span.bytes).event {
        case .head(let head): return .success(head)
        case .refused(let reason): return .failure(Refusal(reason: reason))
        case .needMore, .body, .end: return .failure(Refusal(reason: .internalError))
        }
    }
}
