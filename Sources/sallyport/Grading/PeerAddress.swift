import SallyportConfig

/// `HOST:PORT` as it is typed; IPv6 in brackets.
struct PeerAddress: Equatable {
    let host: String
    let port: UInt16

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    init(_ text: String) throws(CommandFailure) {
        let failure = CommandFailure(
            .usage, "\(text.debugDescription) is no address", fix: "write HOST:PORT, an IPv6 address in brackets: [::1]:443")
        let isBracketed = text.hasPrefix("[")
        let end = isBracketed ? text.firstIndex(of: "]") : text.firstIndex(of: ":") ?? text.endIndex
        guard let end else { throw failure }
        let host = String(text[..<end].drop { $0 == "[" })
        let rest = text[end...].drop { $0 == "]" }
        guard Self.isHost(host), isBracketed == host.contains(":") else { throw failure }
        self.host = host
        guard !rest.isEmpty else {
            port = 443
            return
        }
        let digits = rest.dropFirst()
        guard rest.first == ":", digits.allSatisfy(\.isNumber), let port = UInt16(digits), port > 0 else { throw failure }
        self.port = port
    }

    private static func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") }
    }

    var text: String { SocketAddressText(host: host, port: port).shown }

    /// What is sent as SNI: only names are (RFC 6066 section 3).
    var serverName: String? { Self.isName(host) ? host : nil }

    /// Whether it can only be a name: its last label does not begin with a digit, and there is no colon.
    static func isName(_ host: String) -> Bool {
        guard !host.contains(":"), let last = host.split(separator: ".").last else { return false }
        return last.first?.isNumber == false
    }
}

extension SocketAddressText {
    /// IPv6 in brackets.
    var shown: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
