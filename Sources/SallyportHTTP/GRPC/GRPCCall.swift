/// What makes a request a gRPC call, and how long its caller waits.
extension RequestHead {
    /// POST with a content type of `application/grpc`, alone or followed by `+format` or parameters. gRPC-Web frames
    /// its own trailers and understands an HTTP status, so it is none.
    package var isGRPC: Bool {
        guard methodKind == .post, let field = firstField(.contentType) else { return false }
        let raw = bytes.span.bytes
        let name: StaticString = "application/grpc"
        let end = field.valueRange.lowerBound + name.utf8CodeUnitCount
        guard end <= field.valueRange.upperBound, raw.matches(field.valueRange.lowerBound..<end, name) else { return false }
        guard end < field.valueRange.upperBound else { return true }
        let next = raw.byte(end)
        return next == UInt8(ascii: "+") || next == ASCII.semicolon || ASCII.isBlank(next)
    }

    /// The caller's `grpc-timeout` in nanoseconds: at most eight digits and a unit. Nil when there is none or it can't be
    /// read; the service will say what is wrong with it.
    package var grpcTimeout: Int64? {
        let found = fields(named: "grpc-timeout")
        guard let field = found.first, found.count == 1, (2...9).contains(field.valueRange.count) else { return nil }
        var value = Array(bytes[field.valueRange])
        let unit = value.removeLast()
        var number: Int64 = 0
        for byte in value {
            guard ASCII.isDigit(byte) else { return nil }
            number = number * 10 + Int64(byte - ASCII.zero)
        }
        return Self.nanoseconds(unit).map { unit in
            let (product, overflow) = number.multipliedReportingOverflow(by: unit)
            return overflow ? .max : product
        }
    }

    private static func nanoseconds(_ unit: UInt8) -> Int64? {
        switch unit {
        case UInt8(ascii: "H"): 3600 * 1_000_000_000
        case UInt8(ascii: "M"): 60 * 1_000_000_000
        case UInt8(ascii: "S"): 1_000_000_000
        case UInt8(ascii: "m"): 1_000_000
        case UInt8(ascii: "u"): 1000
        case UInt8(ascii: "n"): 1
        default: nil
        }
    }
}
