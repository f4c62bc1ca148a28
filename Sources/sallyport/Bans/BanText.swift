import SallyportConfig
import SallyportEdge
import SallyportPKI

/// Bans in the words of people and scripts.
enum BanText {
    static func subject(_ text: String) throws(CommandFailure) -> BanSubject {
        guard let subject = BanSubject(text) else {
            throw CommandFailure(
                .usage, "\(text.debugDescription) is no address, no network and no name of an identity",
                fix: "such as 203.0.113.7, 203.0.113.0/24 (bits behind the prefix are zero), 2001:db8::/64 or alice; "
                    + "a name has at most \(BanSubject.longestName) bytes")
        }
        return subject
    }

    static func check(_ because: String) throws(CommandFailure) {
        guard Ban.isLine(because) else {
            throw CommandFailure(
                .usage, "--because \(PrintableText.make(because, limit: 60).debugDescription): the reason is one line of 1 to \(Ban.longestWords) bytes",
                fix: "such as --because \"password guessing\"")
        }
    }

    /// What whoever adds the ban may not have meant; nil for most.
    static func danger(of subject: BanSubject) -> String? {
        guard case .network(let network) = subject else { return nil }
        if network.isEverything { return "shuts out every \(network.isIPv6 ? "IPv6" : "IPv4") address" }
        let loopback = ["127.0.0.0/8", "::1"].compactMap { AddressNetwork($0) }
        return loopback.contains(where: network.overlaps) ? "shuts out clients on this machine" : nil
    }

    // MARK: lists

    static func table(_ bans: [Ban]) -> String {
        bans.isEmpty ? "nobody is banned" : bans.map(line).joined(separator: "\n")
    }

    static func line(_ ban: Ban) -> String {
        let until = ban.until.map { "until \(LocalTime.minute($0))" } ?? "until lifted"
        return "\(ban.subject.text)  \(until)  \(ban.source.rawValue)  \(ban.because)"
    }

    static func json(_ bans: [Ban]) -> String {
        JSONValue.array(bans.map(json)).pretty
    }

    private static func json(_ ban: Ban) -> JSONValue {
        var kind = "address"
        if case .identity = ban.subject { kind = "identity" }
        return .members([
            "who": .string(ban.subject.text), "kind": .string(kind), "since": .integer(Int(ban.since)),
            "until": ban.until.map { .integer(Int($0)) }, "because": .string(ban.because),
            "source": .string(ban.source.rawValue), "times": .integer(ban.times),
        ])
    }
}
