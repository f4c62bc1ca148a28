import FoundationEssentials
import SallyportPKI
import SallyportTLS

/// What a gateway that runs on the state directory says of itself; empty when none runs.
struct RunningListeners {
    /// By name of listener.
    private(set) var addresses: [String: PeerAddress] = [:]
    private(set) var observed: [ObservedClientsReport] = []

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
        for listener in status.listeners where listener.kind == "https" {
            guard let (host, port) = ClientAddress.split(listener.address) else { continue }
            addresses[listener.name] = PeerAddress(host: ClientAddress.reachable(host), port: UInt16(clamping: port))
        }
    }
}
