import NIOCore

/// The edge's deadlines. All absolute: a peer that sends a byte now and then does not push them back.
enum Timeouts {
    /// From accept to the end of the TLS handshake.
    static let handshake = TimeAmount.seconds(5)
    /// From the first byte of a request to the end of its head; also from the handshake to the first request.
    static let requestHead = TimeAmount.seconds(10)
    /// Between two requests.
    static let idle = TimeAmount.seconds(60)
    /// While bytes wait for the client it must take `minimumRate` of them a second, over any such time.
    static let writeStall = TimeAmount.seconds(30)
    /// An exchange that is under way is looked at this often.
    static let look = TimeAmount.seconds(1)
    /// A request's content may take this long, and longer by one second for each `minimumRate` bytes of it.
    static let contentGrace = TimeAmount.seconds(20)
    static let minimumRate: UInt64 = 500
    /// How long a request waits for the keys of the issuer of its token.
    static let keys = TimeAmount.seconds(5)
    /// How long a client may go on sending after its last answer.
    static let linger = TimeAmount.seconds(2)
    static let connectionAge = TimeAmount.hours(1)
    /// How often deadlines are looked at; they are late by at most this.
    static let sweep = TimeAmount.milliseconds(250)
}

/// The edge's bounds that are not of the configuration.
enum Bounds {
    static let requestsPerConnection = 10_000
    /// Bytes of pipelined requests that are held while an exchange is under way.
    static let heldBytes = 64 << 10
    /// Bytes that are read and thrown away from a client that was told to go.
    static let lingerBytes = 1 << 20
    /// Requests that wait for their turn on one worker, and nanoseconds that each may wait.
    static let waitingRequests = 1000
    /// Requests that wait for the keys of one issuer.
    static let waitingForKeys = 1000
    static let turnPatience: UInt64 = 1_000_000_000
    static let backlog: Int32 = 4096
}
