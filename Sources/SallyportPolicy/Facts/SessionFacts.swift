/// What the handshake of a connection negotiated and showed.
package struct SessionFacts: Sendable, Hashable {
    /// `TLSv1.2` or `TLSv1.3`.
    package var version: String
    package var cipher: String
    package var group: String?
    package var resumed: Bool
    package var serverName: String?
    package var ja3: String?
    package var ja4: String?

    package init(
        version: String, cipher: String, group: String? = nil, resumed: Bool = false, serverName: String? = nil,
        ja3: String? = nil, ja4: String? = nil
    ) {
        self.version = version
        self.cipher = cipher
        self.group = group
        self.resumed = resumed
        self.serverName = serverName
        self.ja3 = ja3
        self.ja4 = ja4
    }
}
