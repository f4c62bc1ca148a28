/// What a command asks a running gateway over its socket: one JSON object on one line.
struct AdminRequest: Codable, Sendable, Equatable {
    var command: Command
    /// What the command is about: of `explain`, a connection.
    var subject: String?
    /// Of `upgrade`: the program to start, absolute; nil for the one at the path of the running one.
    var binary: String?
    /// Of `upgrade`: worker threads of the new process.
    var threads: Int?
    /// Of `upgrade`: how long the new process has to serve. Of `banAdd`: how long; nil until it is lifted.
    var seconds: Int?
    /// Of `banAdd`: why.
    var because: String?
    /// Who asks, as the system says; what a request claims is not believed.
    var user: UInt32?

    enum Command: String, Codable, Sendable, CaseIterable {
        case status, reload, diff, stop
        /// The authority revoked or renewed something.
        case revoked
        /// The authority has a new root or intermediate, or an overlap ended.
        case rotated
        /// Where a client can reach the gateway, for `curl`.
        case address
        /// How a handshake went.
        case explain
        /// Start a new process that takes the place of the running one.
        case upgrade
        /// Who is not served; of the latter two `subject`, which nil makes everybody for `banRemove`.
        case banList, banAdd, banRemove
        /// A new process asks for the listening sockets: `HandoverMessage`.
        case handover
    }

    /// Longest line that is read, bytes.
    static let maximumSize = 4096
}

/// What the gateway says: one JSON object on one line.
struct AdminReply: Codable, Sendable, Equatable {
    /// Exit status of the command that asked.
    var status: Int32
    /// For standard output, for people.
    var text: String
    /// For standard output with `--json`: JSON text.
    var json: String?
    /// For standard error.
    var messages: String

    /// Longest line that is read, bytes.
    static let maximumSize = 16 << 20

    init(_ status: ExitStatus = .good, text: String = "", json: String? = nil, messages: String = "") {
        self.status = status.rawValue
        self.text = text
        self.json = json
        self.messages = messages
    }
}

/// Where a client can reach a listener.
struct GatewayAddress: Codable, Sendable, Equatable {
    /// A name that the listener's certificate bears.
    var host: String
    var port: Int
    /// IP address to connect to.
    var connect: String
    /// The listener's certificate comes from the built-in authority.
    var isBuiltin: Bool
}
