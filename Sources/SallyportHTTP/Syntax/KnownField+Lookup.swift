extension KnownField {
    /// Looks a field name up, whatever its case. The length leaves few candidates to compare with.
    init(_ name: Range<Int>, in bytes: RawSpan) {
        let found = KnownField.exact(name, in: bytes)
        self = found == .other && KnownField.hasForgeablePrefix(name, in: bytes) ? .forgeable : found
    }

    private static func exact(_ name: Range<Int>, in bytes: RawSpan) -> KnownField {
        switch name.count {
        case 2:
            if bytes.matches(name, "te") { return .te }
        case 3:
            if bytes.matches(name, "via") { return .via }
        case 4:
            if bytes.matches(name, "host") { return .host }
            if bytes.matches(name, "date") { return .date }
        case 5:
            if bytes.matches(name, "range") { return .range }
        case 6:
            if bytes.matches(name, "expect") { return .expect }
            if bytes.matches(name, "cookie") { return .cookie }
            if bytes.matches(name, "origin") { return .origin }
        case 7:
            if bytes.matches(name, "trailer") { return .trailer }
            if bytes.matches(name, "upgrade") { return .upgrade }
        case 9:
            if bytes.matches(name, "forwarded") { return .forwarded }
            if bytes.matches(name, "x-real-ip") { return .forgeable }
        case 10:
            if bytes.matches(name, "connection") { return .connection }
            if bytes.matches(name, "keep-alive") { return .keepAlive }
            if bytes.matches(name, "tracestate") { return .tracestate }
        case 11:
            if bytes.matches(name, "client-cert") { return .clientCert }
            if bytes.matches(name, "traceparent") { return .traceparent }
            if bytes.matches(name, "remote-user") { return .forgeable }
            if bytes.matches(name, "x-client-ip") { return .forgeable }
        case 12:
            if bytes.matches(name, "max-forwards") { return .maxForwards }
            if bytes.matches(name, "x-request-id") { return .xRequestID }
            if bytes.matches(name, "content-type") { return .contentType }
        case 13:
            if bytes.matches(name, "x-rewrite-url") { return .forgeable }
            if bytes.matches(name, "x-remote-user") { return .forgeable }
            if bytes.matches(name, "x-http-method") { return .forgeable }
            if bytes.matches(name, "authorization") { return .authorization }
            if bytes.matches(name, "cache-control") { return .cacheControl }
        case 14:
            if bytes.matches(name, "content-length") { return .contentLength }
            if bytes.matches(name, "http2-settings") { return .http2Settings }
            if bytes.matches(name, "true-client-ip") { return .forgeable }
            if bytes.matches(name, "x-original-url") { return .forgeable }
        case 15:
            if bytes.matches(name, "x-forwarded-for") { return .xForwardedFor }
            if bytes.matches(name, "x-client-verify") { return .forgeable }
        case 16:
            if bytes.matches(name, "proxy-connection") { return .proxyConnection }
            if bytes.matches(name, "x-forwarded-host") { return .xForwardedHost }
            if bytes.matches(name, "x-forwarded-port") { return .xForwardedPort }
            if bytes.matches(name, "content-encoding") { return .contentEncoding }
            if bytes.matches(name, "x-arr-clientcert") { return .forgeable }
        case 17:
            if bytes.matches(name, "transfer-encoding") { return .transferEncoding }
            if bytes.matches(name, "client-cert-chain") { return .clientCertChain }
            if bytes.matches(name, "x-forwarded-proto") { return .xForwardedProto }
            if bytes.matches(name, "x-method-override") { return .forgeable }
        case 18:
            if bytes.matches(name, "proxy-authenticate") { return .proxyAuthenticate }
        case 19:
            if bytes.matches(name, "proxy-authorization") { return .proxyAuthorization }
            if bytes.matches(name, "x-cluster-client-ip") { return .forgeable }
        case 22:
            if bytes.matches(name, "x-http-method-override") { return .forgeable }
        case 23:
            if bytes.matches(name, "x-forwarded-client-cert") { return .xfcc }
        case 25:
            if bytes.matches(name, "proxy-authentication-info") { return .proxyAuthenticationInfo }
        default: break
        }
        return .other
    }

    /// Families of names that servers behind other gateways are taught to believe.
    private static func hasForgeablePrefix(_ name: Range<Int>, in bytes: RawSpan) -> Bool {
        let first = ASCII.lowercase(bytes.byte(name.lowerBound))
        guard first == UInt8(ascii: "x") || first == UInt8(ascii: "s"), name.count > 10 else { return false }
        return begins(name, "x-forwarded-", in: bytes) || begins(name, "x-client-cert", in: bytes)
            || begins(name, "x-ssl-client", in: bytes) || begins(name, "ssl-client-", in: bytes)
            || begins(name, "x-amzn-mtls-", in: bytes) || begins(name, "x-original-forwarded-", in: bytes)
    }

    private static func begins(_ name: Range<Int>, _ prefix: StaticString, in bytes: RawSpan) -> Bool {
        let length = prefix.utf8CodeUnitCount
        return name.count >= length && bytes.matches(name.lowerBound..<name.lowerBound + length, prefix)
    }
}
