import FoundationEssentials
import SallyportPKI
import SallyportTLS

/// What a gateway that runs on the state directory says of itself; empty when none runs.
struct RunningListeners {
    /// By name of listener.
    private var addresses: [String: PeerAddress] = [:]
    private var admin: PeerAddress?
    private(set) var observed: [ObservedClientsReport] = []

    func address(of listener: OwnPolicy.Listener) -> PeerAddress? {
        switch listener {
        case .named(let name): addresses[name]
        case .admin: admin
        }
    }

    private struct Status: Decodable {
        var listeners: [Listener]
        var observedClients: [ObservedClientsReport]?

        struct Listener: Decodable {
            var name: String
            var address: String
            var kind: String
        }
    }

    init(state: StateDirectory) throws(CommandFailure) {
        guard let reply = try AdminClient(state: state).tell(.status), let json = reply.json else { return }
        let status: Status
        do { status = try JSONDecoder().decode(Status.self, from: Data(json.utf8)) } catch {
            throw CommandFailure(.failed, "the running gateway's status cannot be read: \(error)")
        }
        observed = status.observedClients ?? []
        for listener in status.listeners {
            guard let (host, port) = ClientAddress.split(listener.address) else { continue }
            let address = PeerAddress(host: ClientAddress.reachable(host), port: UInt16(clamping: port))
            switch listener.kind {
            case "https": addresses[listener.name] = address
            case "admin": admin = address
            default: continue
            }
        }
    }
}
