import SallyportModel

/// The gateway's own answers: RFC 9457 problems that say a code, a title and a request id, and nothing else.
package struct LocalReplyWriter: Sendable {
    /// Ends the connection after the reply.
    package var close: Bool
    /// The reply to HEAD has the same head and no content.
    package var isHEAD: Bool
    /// Complete `date: …` line with line end, or empty.
    package var date: [UInt8]

    package init(close: Bool, isHEAD: Bool = false, date: [UInt8] = []) {
        self.close = close
        self.isHEAD = isHEAD
        self.date = date
    }

    /// Writes head and content. A reason without a status is answered with 500.
    package func write(_ reply: LocalReply, requestID: String, into out: inout [UInt8]) {}
}
