import ArgumentParser
import FoundationEssentials
import Glibc
import SallyportPKI

struct CurlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curl", abstract: "Send a request through the running gateway with a client certificate.",
        discussion: "Runs the system's curl; -v prints the plain command first. What follows -- is passed on to curl.")

    @Argument(help: "The path, with its query.")
    var path: String
    @Option(name: .customLong("as"), help: "Whose certificate to show; nobody: none.")
    var name = "alice"
    @Flag(name: .customShort("v"), help: "Print the curl command first.")
    var verbose = false
    @OptionGroup var state: StateOption
    @Argument(parsing: .postTerminator, help: "More arguments for curl.")
    var more: [String] = []

    func run() throws {
        let state = try state.locate()
        let address = try address(state)
        let invocation = try CurlInvocation(
            address: address, path: path, client: client(in: state), authority: state.rootCertificate, more: more)
        let program = try invocation.program(searchPath: Environment.variables["PATH"] ?? "/usr/bin:/bin")
        if verbose { Terminal.note(ShellWord.join(["curl"] + invocation.arguments)) }
        try replaceProcess(program, with: invocation.arguments)
    }

    private func address(_ state: StateDirectory) throws(CommandFailure) -> GatewayAddress {
        let reply = try AdminClient(state: state).ask(.address)
        guard reply.status == 0, let json = reply.json else {
            throw CommandFailure(.failed, reply.messages)
        }
        do {
            return try JSONDecoder().decode(GatewayAddress.self, from: Data(json.utf8))
        } catch {
            throw CommandFailure(.failed, "the running gateway's address cannot be read: \(error)")
        }
    }

    private func client(in state: StateDirectory) throws(CommandFailure) -> CurlInvocation.Client? {
        if name == "nobody" { return nil }
        let checked: CertificateName
        do throws(PKIError) { checked = try CertificateName(name) } catch { throw CommandFailure(error) }
        let client = CurlInvocation.Client(
            certificate: state.certificate(of: .client, name: checked), key: state.key(of: .client, name: checked))
        guard access(client.certificate, R_OK) == 0, access(client.key, R_OK) == 0 else {
            throw CommandFailure(
                .failed, "\(name) has no certificate here: \(client.certificate)",
                fix: "make one: sallyport cert client \(name)\(self.state.repeated)")
        }
        return client
    }

    /// The process becomes curl, so that its output, signals and exit status are those of curl.
    private func replaceProcess(_ program: String, with arguments: [String]) throws(CommandFailure) {
        var words: [UnsafeMutablePointer<CChar>?] = (["curl"] + arguments).map { strdup($0) }
        words.append(nil)
        execv(program, words)
        throw CommandFailure(.failed, "\(program) cannot be run: \(String(cString: strerror(errno)))")
    }
}
