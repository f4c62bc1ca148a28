import Glibc

/// The command line of curl for a request through the gateway.
struct CurlInvocation {
    struct Client: Equatable {
        var certificate: String
        var key: String
    }

    let arguments: [String]

    /// - Parameters:
    ///   - authority: PEM file to verify the gateway with, when its certificate is one of ours.
    ///   - more: Whatever the user wants besides; behind ours, so that it can say otherwise.
    init(
        address: GatewayAddress, path: String, client: Client?, authority: String, more: [String]
    ) throws(CommandFailure) {
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CommandFailure(
                .usage,
                "the path has to begin with / and to be printable ASCII without spaces: \(path.debugDescription)",
                fix: "write other characters as %XX")
        }
        var arguments = ["--silent", "--show-error", "--path-as-is", "--globoff"]
        if address.isBuiltin { arguments += ["--cacert", authority] }
        if let client { arguments += ["--cert", client.certificate, "--key", client.key] }
        if address.host != "localhost" {
            let shown = address.connect.contains(":") ? "[\(address.connect)]" : address.connect
            arguments += ["--connect-to", "\(address.host):\(address.port):\(shown):\(address.port)"]
        }
        self.arguments = arguments + more + ["https://\(address.host):\(address.port)\(path)"]
    }

    /// Where curl is.
    func program(searchPath: String) throws(CommandFailure) -> String {
        for directory in searchPath.split(separator: ":") {
            let candidate = "\(directory)/curl"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw CommandFailure(
            .failed, "curl is not installed",
            fix: "sudo apt-get install curl (Debian, Ubuntu), or your system's equivalent")
    }
}
