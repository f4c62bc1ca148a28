import NIOCore
import NIOHTTP2

/// Whose frame goes out next: the streams that have something to send, each one frame in turn.
///
/// A class, because a stream that gets its turn wakes its exchange, which may write again.
final class HTTP2OutputTurns {
    /// What the client lets all streams send together, bytes.
    var window = 65535
    private var ready = CircularBuffer<HTTP2ServerStream>()
    /// Streams that wait for the window of the connection.
    private var blocked: [HTTP2ServerStream] = []
    /// Streams that are over leave when there are as many.
    private static let mostQueued = 2 * HTTP2ServerSettings.streams
    private var isSending = false
    /// Something was added while sending.
    private var isAgain = false

    func add(_ stream: HTTP2ServerStream) {
        if isSending { isAgain = true }
        guard !stream.isQueued, stream.hasPending else { return }
        stream.isQueued = true
        if ready.count >= Self.mostQueued { ready.removeAll { $0.isOver } }
        ready.append(stream)
    }

    /// The window of the connection is open again.
    func unblock() {
        for stream in blocked { ready.append(stream) }
        blocked.removeAll(keepingCapacity: true)
    }

    /// False when it is sending already.
    func begin() -> Bool {
        guard !isSending else {
            isAgain = true
            return false
        }
        isSending = true
        return true
    }

    func end() { isSending = false }

    /// Whether something was added since the last time.
    func hasMore() -> Bool {
        defer { isAgain = false }
        return isAgain
    }

    /// The next frame, if one can go.
    func next() -> HTTP2Frame? {
        while let stream = ready.popFirst() {
            switch stream.next(room: max(0, window)) {
            case .nothing: stream.isQueued = false
            case .needsWindow: wait(stream)
            case .frame(let payload, let bytes, _):
                window -= bytes
                if stream.hasPending { ready.append(stream) } else { stream.isQueued = false }
                return HTTP2Frame(streamID: stream.id, payload: payload)
            }
        }
        return nil
    }

    /// One whose own window is closed comes back when the client opens it.
    private func wait(_ stream: HTTP2ServerStream) {
        if blocked.count >= Self.mostQueued { blocked.removeAll { $0.isOver } }
        if stream.sendWindow > 0 { blocked.append(stream) } else { stream.isQueued = false }
    }
}

/// How much more of all requests' content the client may send: what has come and is not held any more is given back, in
/// steps of a quarter.
struct HTTP2ConnectionWindow {
    /// Bytes that the client was allowed to send so far.
    private var allowed: UInt64 = 65535

    /// How far to open the window, if it is worth a frame.
    mutating func increment(received: UInt64, held: Int) -> Int? {
        let size = UInt64(HTTP2ServerSettings.connectionWindow)
        let wanted = received &+ size &- UInt64(clamping: held)
        guard wanted > allowed, wanted - allowed >= size / 4 else { return nil }
        let increment = Int(wanted - allowed)
        allowed = wanted
        return increment
    }
}
