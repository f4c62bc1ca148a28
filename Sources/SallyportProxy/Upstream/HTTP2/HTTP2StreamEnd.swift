import NIOHPACK
import NIOHTTP2
import SallyportHTTP
import SallyportModel

extension UpstreamFailure {
    /// What the peer's RST_STREAM means for the request (RFC 9113 §7, §8.7). REFUSED_STREAM is a promise that nothing was
    /// done, so the request may be sent again whatever its method.
    init(reset code: HTTP2ErrorCode) {
        switch code {
        case .refusedStream: self.init(.upstreamRefusedStream, isUnprocessed: true)
        case .enhanceYourCalm: self.init(.upstreamOverwhelmed)
        case .http11Required: self.init(.upstreamWantsHTTP1)
        default: self.init(.upstreamReset)
        }
    }

    /// What the end of the connection means for a request on it.
    /// - Parameter code: of the GOAWAY that came before, if one came.
    init(connectionEnded code: HTTP2ErrorCode?) {
        self.init(code == .enhanceYourCalm ? .upstreamOverwhelmed : .upstreamClosed)
    }
}

/// The fields of a request as the HPACK encoder takes them.
struct HPACKFieldList: HTTP2FieldSink {
    private(set) var headers = HPACKHeaders()

    init() { headers.reserveCapacity(24) }

    /// Nil when nothing of the trailers can go on.
    init?(trailers: Trailers) {
        describeTrailers(trailers, into: &self)
        guard !headers.isEmpty, headers.fitsFrame else { return nil }
    }

    mutating func append(name: String, value: String, indexing: HTTP2FieldIndexing) {
        let wanted: HPACKIndexing =
            switch indexing {
            case .indexed: .indexable
            case .notIndexed: .nonIndexable
            case .neverIndexed: .neverIndexed
            }
        headers.add(name: name, value: value, indexing: wanted)
    }
}

extension HTTP2ResponseFields {
    init(_ headers: HPACKHeaders, limits: HTTPLimits) {
        self.init(limits: limits)
        for (name, value, _) in headers { append(name: name, value: value) }
    }
}
