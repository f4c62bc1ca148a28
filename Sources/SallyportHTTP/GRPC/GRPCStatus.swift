import SallyportModel

/// The outcome of a gRPC call, as numbers that every client knows (gRPC "Status codes and their use").
package enum GRPCStatus: UInt8, Sendable {
    case cancelled = 1, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
    case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, internalError, unavailable, dataLoss
    case unauthenticated

    /// What a refusal of the gateway means to a client that asks for no HTTP status (gRPC "HTTP to gRPC Status Code
    /// Mapping").
    ///
    /// 429 and 413 differ from that table, which makes 429 UNAVAILABLE and does not know 413: clients repeat what is
    /// unavailable at once, and what was refused for its rate or size must not be repeated so.
    package init(http status: UInt16) {
        switch status {
        case 401: self = .unauthenticated
        case 403, 421: self = .permissionDenied
        case 404, 405, 501, 505: self = .unimplemented
        case 408: self = .deadlineExceeded
        case 413, 414, 429, 431: self = .resourceExhausted
        case 499: self = .cancelled
        case 502, 503, 504: self = .unavailable
        case 400..<500: self = .internalError
        default: self = .unknown
        }
    }

    /// A time limit of the caller is told apart from a service that is away.
    package init(_ reason: Reason) {
        if reason == .grpcDeadline || reason == .upstreamTimeout {
            self = .deadlineExceeded
        } else if reason == .upstreamReset || reason == .upstreamProtocolError || reason == .upstreamMalformed {
            self = .internalError
        } else if reason == .upstreamOverwhelmed {
            self = .resourceExhausted
        } else {
            self.init(http: reason.status ?? 500)
        }
    }

    /// The fields of a response that is nothing but a status (`Trailers-Only`), with HTTP status 200 and no content.
    package static func fields(_ reason: Reason) -> [(name: String, value: String)] {
        [
            ("grpc-status", String(GRPCStatus(reason).rawValue)),
            ("grpc-message", percentEncoded("\(reason.name) \(reason.title.description)")),
        ]
    }

    /// `Percent-Encoded` of the gRPC protocol: printable ASCII without the percent sign stands for itself.
    static func percentEncoded(_ text: String) -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            if (0x20...0x7E).contains(byte), byte != ASCII.percent {
                out.append(byte)
            } else {
                out += [ASCII.percent, ASCII.hexDigit(byte >> 4), ASCII.hexDigit(byte & 15)]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
