import Glibc
import NIOCore
import SallyportPKI
import SallyportTLS

/// One look at a server over a blocking socket: resolve, connect, shake hands, listen for complaints.
struct PeerVisit {
    let place: HostAndPort
    /// What the server has to be called.
    let name: ServerName
    /// Seconds since 1970.
    let now: Int64

    /// For connecting and for the handshake together.
    private static let limit = 10
    /// For a complaint about the client certificate, which in TLS 1.3 comes after the handshake.
    private static let afterwards: UInt64 = 700_000_000

    func run(trust: InspectionTrust, credential: CredentialPair?) throws(CommandFailure) -> PeerInspection {
        let start = Self.clock()
        var inspection = PeerInspection(target: "\(place.host):\(place.port)", name: name)
        do throws(InspectionFailure) {
            let addresses = try PeerSocket.addresses(of: place)
            inspection.addresses = addresses.map(\.description)
            inspection.times[.resolved] = Self.microseconds(since: start)
            let deadline = start + UInt64(Self.limit) * 1_000_000_000
            let socket = try PeerSocket(connectingTo: addresses, before: deadline)
            defer { socket.close() }
            inspection.connectedTo = socket.address
            inspection.times[.connected] = Self.microseconds(since: start)
            let inspector = try inspector(inspection, trust: trust, credential: credential, start: start)
            try shakeHands(inspector, over: socket, before: deadline)
            return inspector.inspection
        } catch {
            inspection.end = .failed(error)
            inspection.times[.ended] = Self.microseconds(since: start)
            return inspection
        }
    }

    private func inspector(
        _ inspection: PeerInspection, trust: InspectionTrust, credential: CredentialPair?, start: UInt64
    ) throws(InspectionFailure) -> PeerInspector {
        do throws(PKIError) {
            return try PeerInspector(
                inspection, trust: trust, credential: credential, start: start, clock: Self.clock, now: now)
        } catch {
            throw InspectionFailure(.local, error.description, fix: error.reason.fix.description)
        }
    }

    private func shakeHands(
        _ inspector: PeerInspector, over socket: PeerSocket, before deadline: UInt64
    ) throws(InspectionFailure) {
        try socket.send(inspector.begin(), before: deadline)
        var end = deadline
        while true {
            switch socket.receive(before: end) {
            case .timedOut: return inspector.timedOut(limit: Self.limit)
            case .closed: return inspector.peerClosed()
            case .bytes(let bytes):
                let (reply, progress) = inspector.receive(bytes)
                // A server that has closed already is heard by the next read.
                do throws(InspectionFailure) { try socket.send(reply, before: deadline) } catch { continue }
                if progress == .ended { return }
                guard progress == .complete else { continue }
                if inspector.inspection.requestedAuthorities == nil { return }
                end = min(deadline, max(Self.clock(), end == deadline ? Self.clock() + Self.afterwards : end))
            }
        }
    }

    private static func clock() -> UInt64 { NIODeadline.now().nanoseconds }

    private static func microseconds(since start: UInt64) -> UInt32 {
        UInt32(clamping: (clock() - start) / 1000)
    }
}
