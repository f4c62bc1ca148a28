import NIOCore
import SallyportPKI
import SallyportTLS

/// The certificate of a server that speaks TLS 1.3 only, where it travels encrypted: a real handshake is needed. It is
/// left as soon as the certificate has come; nothing is verified, because nothing is sent.
struct PeerCertificates {
    let host: String
    let port: UInt16
    /// Sent as SNI; nil sends none.
    let serverName: String?

    /// For the connection and the handshake together, nanoseconds.
    private static let limit: UInt64 = 8_000_000_000

    /// The leaf's strength; nil when the handshake did not get that far.
    func leaf() -> CertificateStrength? {
        let sight: CertificateSight
        do throws(PKIError) {
            sight = try CertificateSight(serverName: serverName, protocols: [], source: host)
        } catch {
            Terminal.note("the certificate cannot be asked for: \(error.detail)")
            return nil
        }
        do throws(InspectionFailure) { try look(sight) } catch {
            Terminal.note("the certificate of \(host) was not seen: \(error.what)")
        }
        return sight.leaf.flatMap(CertificateStrength.init(der:))
    }

    private func look(_ sight: CertificateSight) throws(InspectionFailure) {
        let deadline = NIODeadline.now().nanoseconds + Self.limit
        let addresses = try PeerSocket.addresses(of: HostAndPort(host: host, port: port))
        let socket = try PeerSocket(connectingTo: addresses, before: deadline)
        defer { socket.close() }
        try socket.send(sight.begin(), before: deadline)
        while case .bytes(let bytes) = socket.receive(before: deadline) {
            let (reply, progress) = sight.receive(ByteBuffer(bytes: bytes))
            guard progress == .wantsMore, sight.leaf == nil else { return }
            try socket.send(reply, before: deadline)
        }
    }
}
