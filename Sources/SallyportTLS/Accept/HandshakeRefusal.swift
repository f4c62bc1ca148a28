import SallyportModel

/// Why a connection did not get past the handshake, with all the operator needs to do something about it.
///
/// The peer is told nothing of this beyond a TLS alert. Text that the peer controls is escaped and bounded.
package struct HandshakeRefusal: Sendable {
    package let reason: Reason
    /// Which message, certificate or rule, in words.
    package let detail: String
    /// The peer's address as `ip:port`, IPv6 in brackets.
    package let peer: String
    /// The listener's name.
    package let listener: String
    package let sni: String?
    /// Of the client's certificate, when one was presented and could be read.
    package let subject: String?
    package let issuer: String?
    package let serial: String?
    /// What to do about it: a command to copy where there is one.
    package let fix: String
    /// The fingerprint of the ClientHello; nil when none could be read.
    package let ja4: String?
    /// When each step happened and what was seen of the client; nil where nothing was recorded.
    package let record: HandshakeRecorder?

    package init(
        reason: Reason, detail: String, peer: String, listener: String, sni: String? = nil, subject: String? = nil,
        issuer: String? = nil, serial: String? = nil, fix: String, ja4: String? = nil,
        record: HandshakeRecorder? = nil
    ) {
        self.reason = reason
        self.detail = Self.bounded(detail)
        self.peer = peer
        self.listener = listener
        self.sni = sni
        self.subject = subject.map(Self.bounded)
        self.issuer = issuer.map(Self.bounded)
        self.serial = serial.map(Self.bounded)
        self.fix = fix
        self.ja4 = ja4
        self.record = record
    }

    /// A stranger's certificate may carry names of many kilobytes, and every refusal is a line in the log.
    private static func bounded(_ text: String) -> String {
        text.utf8.count <= 512 ? text : String(decoding: text.utf8.prefix(500), as: UTF8.self) + "…"
    }
}
