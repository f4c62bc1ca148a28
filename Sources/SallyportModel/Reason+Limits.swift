extension Reason {
    package static let rateExceeded = Reason(
        4070, "Too many requests", status: 429, origin: .client,
        explanation: "A rate limit of the route is used up for this caller. The problem that the client got names it in `violated-policies`.",
        fix: "Wait for as long as Retry-After says, or raise `rate` or `burst` of the limit.")
    package static let volumeExceeded = Reason(
        4071, "Too many bytes", status: 429, origin: .client,
        explanation: "A limit of the route that counts bytes of requests and responses is used up for this caller.",
        fix: "Wait for as long as Retry-After says, or raise `rate` of the limit.")
    package static let concurrencyExceeded = Reason(
        4072, "Too many requests at a time", status: 429, origin: .client,
        explanation: "The caller has as many requests under way as `concurrent` of a limit of the route allows.",
        fix: "Send the next request when one has ended, or raise `concurrent` of the limit.")
    package static let limitTableFull = Reason(
        4073, "No room to count one more caller", status: 503, origin: .gateway,
        explanation: "A limit of concurrency has so many callers with requests under way that the memory for limits is used up. Callers that are counted already go on.",
        fix: "Count by something of which there is less, such as `identity` in place of `address` or `header`.")

    static let limitReasons: [Reason] = [rateExceeded, volumeExceeded, concurrencyExceeded, limitTableFull]
}
