/// A value of the protocol of Redis and Valkey, version 3
/// (https://redis.io/docs/latest/develop/reference/protocol-spec).
package indirect enum RESPValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// A text without line ends, such as `OK`.
    case simple(String)
    /// Bytes; a verbatim string too, with the three letters of its format and a colon in front.
    case bulk([UInt8])
    /// Code and message in one, such as `NOSCRIPT No matching script`.
    case error(String)
    /// A double or a big number, as it was written.
    case number(String)
    case array([RESPValue])
    case set([RESPValue])
    /// Keys and values in turn.
    case map([RESPValue])
    /// Sent without having been asked for.
    case push([RESPValue])
}

/// Why bytes are no reply, or one that is larger than any that we ask for.
package enum RESPFault: Error, Sendable, Hashable {
    case malformed
    case tooLong
    case tooDeep
    case tooMany
}
