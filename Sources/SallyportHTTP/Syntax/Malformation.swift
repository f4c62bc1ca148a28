import SallyportModel

/// What is wrong with a message, before it is known whose message it was.
enum Malformation: Error {
    case requestLine, target, path, method, trace, version
    case field, lineEnd, host, connection, expectation, maxForwards
    case ambiguousFraming, contentLength, transferEncoding, transferCoding, chunk, trailer
    case startLineTooLong, headersTooLarge, tooManyHeaders, bodyTooLarge, chunkOverhead, trailersTooLarge
    case statusLine
}

extension Malformation {
    /// How it is told when a client sent it.
    var requestReason: Reason {
        switch self {
        case .requestLine, .statusLine: .malformedRequestLine
        case .target: .invalidTarget
        case .path: .invalidPath
        case .method: .methodUnsupported
        case .trace: .traceRefused
        case .version: .versionUnsupported
        case .field: .malformedField
        case .lineEnd: .bareLineEnd
        case .host: .invalidHost
        case .connection: .malformedConnection
        case .expectation: .expectationUnsupported
        case .maxForwards: .invalidMaxForwards
        case .ambiguousFraming: .ambiguousFraming
        case .contentLength: .invalidContentLength
        case .transferEncoding: .invalidTransferEncoding
        case .transferCoding: .transferCodingUnsupported
        case .chunk: .malformedChunk
        case .trailer: .malformedTrailer
        case .startLineTooLong: .requestLineTooLong
        case .headersTooLarge: .headersTooLarge
        case .tooManyHeaders: .tooManyHeaders
        case .bodyTooLarge: .bodyTooLarge
        case .chunkOverhead: .chunkOverhead
        case .trailersTooLarge: .trailersTooLarge
        }
    }

    /// How it is told when an upstream sent it.
    var upstreamReason: Reason {
        switch self {
        case .startLineTooLong, .headersTooLarge, .tooManyHeaders: .upstreamHeadTooLarge
        default: .upstreamMalformed
        }
    }
}
