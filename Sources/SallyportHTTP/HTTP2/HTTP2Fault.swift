import SallyportModel

/// Why a field section of HTTP/2 makes no message, and so what becomes of its stream.
package enum HTTP2Fault: Error, Equatable {
    /// The message has no single meaning (RFC 9113 §8.1.1): its stream is reset.
    case malformed(Reason)
    /// Well-formed, and answered with a refusal as the same request over HTTP/1.1 is.
    case refused(Reason)

    package var reason: Reason {
        switch self {
        case .malformed(let reason), .refused(let reason): reason
        }
    }

    /// What the parts that both versions share found.
    init(_ fault: Malformation) {
        switch fault {
        case .field, .lineEnd, .connection, .statusLine, .version, .requestLine, .trailer, .transferEncoding,
            .transferCoding, .chunk, .chunkOverhead:
            self = .malformed(.malformedHTTP2Fields)
        case .host, .ambiguousFraming, .contentLength: self = .malformed(fault.requestReason)
        case .target, .path, .method, .trace, .expectation, .maxForwards, .startLineTooLong, .headersTooLarge,
            .tooManyHeaders, .bodyTooLarge, .trailersTooLarge:
            self = .refused(fault.requestReason)
        }
    }
}
