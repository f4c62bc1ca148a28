import SallyportTLS

/// Where the shared counters are and how to log in, with secrets read and TLS built.
package struct ClusterTarget: Sendable {
    package let host: String
    package let port: Int
    package let tls: UpstreamTLSContext?
    let username: String
    let password: [UInt8]?

    package init(host: String, port: UInt16, tls: UpstreamTLSContext?, username: String?, password: [UInt8]?) {
        self.host = host
        self.port = Int(port)
        self.tls = tls
        self.username = username ?? "default"
        self.password = password
    }

    package func hasSameSecrets(as other: ClusterTarget) -> Bool { password == other.password }

    /// Version 3 of the protocol, who we are, and a name for the server's list of clients.
    var greeting: RESPCommand {
        var words = ["HELLO", "3"].map { Array($0.utf8) }
        if let password { words += [Array("AUTH".utf8), Array(username.utf8), password] }
        return RESPCommand(words + [Array("SETNAME".utf8), Array("sallyport".utf8)])
    }
}
