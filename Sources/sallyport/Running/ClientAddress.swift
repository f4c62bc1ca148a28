import SallyportConfig
import SallyportModel
import SallyportPKI

/// Finds how a client on this machine reaches the gateway.
enum ClientAddress {
    /// The first TLS listener: a name of its certificate and the address it is bound to.
    ///
    /// - Parameter bound: Addresses, `host:port`, by name of listener.
    static func of(_ configuration: Configuration, bound: [String: String]) throws(CommandFailure) -> GatewayAddress {
        for listener in configuration.listeners {
            guard case .tls(let tls) = listener.kind,
                let (host, port) = bound[listener.name].flatMap(split)
            else { continue }
            var isBuiltin = false
            if case .builtin = tls.certificate { isBuiltin = true }
            return GatewayAddress(
                host: try name(of: tls.certificate), port: port, connect: reachable(host), isBuiltin: isBuiltin)
        }
        throw CommandFailure(.failed, "the running gateway has no TLS listener")
    }

    /// `127.0.0.1:8443` or `[::1]:8443`.
    static func split(_ address: String) -> (host: String, port: Int)? {
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]) else {
            return nil
        }
        return (address[..<colon].trimmingPrefix("[").filter { $0 != "]" }, port)
    }

    /// An address that stands for all of them is reached by loopback.
    static func reachable(_ host: String) -> String {
        switch host {
        case "", "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }

    private static func name(of certificate: ServerCertificate) throws(CommandFailure) -> String {
        let names: [String]
        switch certificate {
        case .builtin(let given): names = given
        case .acme(let settings): names = settings.names
        case .files(let path, _): names = try self.names(inCertificate: path)
        }
        if names.contains("localhost") { return "localhost" }
        guard let name = names.first(where: { !$0.hasPrefix("*") }) ?? names.first else {
            throw CommandFailure(.failed, "the listener's certificate bears no name to call it by")
        }
        return concrete(name)
    }

    private static func names(inCertificate path: String) throws(CommandFailure) -> [String] {
        do {
            guard let leaf = try PEMFile.certificates(at: path).first else { return [] }
            let facts = try CertificateReader.facts(leaf)
            return facts.dnsNames + facts.addresses
        } catch let error as PKIError {
            throw CommandFailure(error)
        } catch {
            throw CommandFailure(.failed, "the names in \(path) cannot be read")
        }
    }

    /// Some name that a wildcard covers.
    private static func concrete(_ name: String) -> String {
        name.hasPrefix("*.") ? "www" + name.dropFirst() : name
    }
}
