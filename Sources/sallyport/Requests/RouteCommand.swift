import ArgumentParser
import SallyportAccess
import SallyportConfig
import SallyportModel

struct RouteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Try routes without sending anything.", subcommands: [Test.self])

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Which route a request takes and which rule decides it.",
            discussion: "Exit status 0 when the request would be forwarded, 1 when it would be refused.")

        @Argument(help: "GET, POST, …")
        var method: String
        @Argument(help: "https://HOST/PATH, or just /PATH.")
        var url: String
        @Option(name: .customLong("as"), help: "Identity; may be given several times. None: no client certificate.")
        var identities: [String] = []
        @Option(
            name: [.customShort("H"), .customLong("header")], help: "A header field, NAME: VALUE; may be repeated.")
        var headers: [String] = []
        @Option(name: .customLong("listener"), help: "The listener it comes in by. Default: the one at the URL's port.")
        var listener: String?
        @Option(name: .customLong("from"), help: "The client's address. Default: 127.0.0.1.")
        var address = "127.0.0.1"
        @OptionGroup var file: ConfigurationOption
        @OptionGroup var json: JSONFlag
        @OptionGroup var state: StateOption

        func run() throws {
            let configuration = try ConfigurationSource(file.resolve()).loadOrReport()
            guard let address = AddressRange.address(address) else {
                throw CommandFailure(.usage, "\(address.debugDescription) is no address", fix: "such as --from 192.0.2.7")
            }
            try refuseGroups(configuration.groups)
            let explanation = RouteTrial(configuration).run(
                RouteTrial.Request(
                    method: method, url: url, headers: try headers.map(Self.header),
                    identity: identities.isEmpty || identities == ["nobody"] ? nil : identities, listener: listener,
                    address: address))
            let report = RouteReport(explanation)
            Terminal.print(json.isOn ? report.json : report.text)
            if !explanation.isAllowed { throw CommandFailure.reported(.failed) }
            if !json.isOn { Terminal.next("curl PATH --as IDENTITY") }
        }

        /// Nobody comes as a group, so the answer would be about nobody.
        private func refuseGroups(_ groups: IdentityGroups) throws(CommandFailure) {
            for name in identities {
                guard let members = groups.members(of: name) else { continue }
                throw CommandFailure(
                    .usage, "--as \(name): this is a group, and a request comes from an identity",
                    fix: members.isEmpty
                        ? "the group has no members" : "name one of its members: \(members.joined(separator: ", "))")
            }
        }

        private static func header(_ text: String) throws(CommandFailure) -> (name: String, value: String) {
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
                throw CommandFailure(
                    .usage, "\(text.debugDescription) is no header field", fix: "write it as NAME: VALUE")
            }
            let value = text[text.index(after: colon)...].drop { $0 == " " }
            return (String(text[..<colon]), String(value))
        }
    }
}

/// A trial for people and scripts.
struct RouteReport {
    let explanation: RouteExplanation

    init(_ explanation: RouteExplanation) {
        self.explanation = explanation
    }

    var text: String {
        let steps = explanation.steps.map { "  \($0)" }
        let outcome: String
        if let reason = explanation.reason {
            let status = reason.status.map { "\($0) " } ?? ""
            outcome = "refused: \(status)\(reason.name) \(reason.title)\nfix: \(reason.fix)"
        } else {
            let destination = explanation.upstream.map { "forwarded to \($0)" } ?? "redirected"
            outcome = "\(Terminal.tick) \(destination) by route \(explanation.route ?? "")"
        }
        return (steps + [outcome]).joined(separator: "\n")
    }

    var json: String {
        JSONValue.members([
            "allowed": .bool(explanation.isAllowed),
            "listener": explanation.listener.map(JSONValue.string),
            "route": explanation.route.map(JSONValue.string),
            "upstream": explanation.upstream.map(JSONValue.string),
            "reason": explanation.reason.map { .string($0.name) },
            "status": explanation.reason?.status.map { .integer(Int($0)) },
            "steps": .strings(explanation.steps),
        ]).pretty
    }
}
