import NIOCore
import SallyportHTTP
import SallyportModel

// When the loop looks at a connection, what it finds then, and what it gives up when memory is short.
extension HTTP2ServerConnection {
    /// The request at hand is the last that is taken: the client is told to come anew.
    var isLastRequest: Bool {
        requests >= Bounds.requestsPerConnection || loop.isDraining || loop.edge.memoryStep >= .closeAfterRequest
    }

    /// Whether the client is to be told, though no request tells so.
    private func isToLeave(_ now: NIODeadline) -> Bool {
        // One that has just come is kept for its first request, as long as a connection without one is kept at all.
        if loop.isDraining { return requests > 0 || loop.isDrained(idleSince: opened, now: now) }
        if now - opened > Timeouts.connectionAge { return true }
        if streams.isEmpty { return now - lastActivity > idleTimeout }
        return loop.edge.memoryStep >= .closeAfterRequest
    }

    private var idleTimeout: TimeAmount {
        requests == 0 ? HTTP2ServerSettings.firstRequest : HTTP2ServerSettings.idle
    }

    func sweep(now: NIODeadline) {
        switch phase {
        case .closed: return
        case .lingering(let until): if until <= now { close() }
        case .announced(let until): if until <= now { leave() }
        case .serving: if isToLeave(now) { announce() }
        case .leaving: break
        }
        guard !isEnding else { return }
        if isTakenTooSlowly(now) { return stalled() }
        if let refusal = overdue(now) { return refuse(refusal) }
        for stream in streams.values { stream.sweep(now: now) }
    }

    func nextLook(after now: NIODeadline) -> NIODeadline {
        switch phase {
        case .closed: return .distantFuture
        case .lingering(let until): return max(until, now)
        case .announced(let until) where streams.isEmpty: return max(until, now)
        case .serving where loop.isDraining: return now + Timeouts.sweep
        case .announced(let until): return max(min(until, now + Timeouts.look), now)
        case .serving, .leaving: return max(deadline(now), now)
        }
    }

    /// Streams have deadlines of many kinds, and are looked at each second.
    private func deadline(_ now: NIODeadline) -> NIODeadline {
        guard streams.isEmpty, waitingInSocket == 0 else { return now + Timeouts.look }
        let silence = min(lastActivity + idleTimeout, opened + Timeouts.connectionAge)
        let acknowledgement = settingsAreAcknowledged ? silence : min(silence, opened + HTTP2ServerSettings.answer)
        return police.unfinishedSince.map { min(acknowledgement, $0 + HTTP2ServerSettings.answer) } ?? acknowledgement
    }

    private func overdue(_ now: NIODeadline) -> HTTP2Refusal? {
        if !settingsAreAcknowledged, now - opened > HTTP2ServerSettings.answer {
            return HTTP2Refusal(.http2Unresponsive, .settingsTimeout, "our SETTINGS were not acknowledged")
        }
        if let since = police.unfinishedSince, now - since > HTTP2ServerSettings.answer {
            return HTTP2Refusal(.http2Unresponsive, .protocolError, "a header block or control frame is not finished")
        }
        return nil
    }

    // MARK: clients that do not read

    /// Bytes that the client has not taken yet, as far as they are neither in the kernel nor held by streams.
    private var waitingInSocket: Int {
        guard let options = context?.channel.syncOptions else { return 0 }
        // A channel that is closed holds nothing.
        do { return try options.getOption(.bufferedWritableBytes) } catch { return 0 }
    }

    /// Whether the connection as a whole moves too little. A stream whose own window is closed answers for itself: its
    /// content neither keeps the connection from being slow nor makes it so.
    private func isTakenTooSlowly(_ now: NIODeadline) -> Bool {
        let inSocket = waitingInSocket
        let held = streams.values.reduce(0) { $0 + $1.queuedBytes }
        let isStopped = inSocket > 0 || streams.values.contains { $0.queuedBytes > 0 && !$0.isStoppedByWindow }
        guard isStopped || held == 0 else { return false }
        return progress.isStalled(
            taken: written - min(written, UInt64(inSocket)), waiting: inSocket + held, at: now.uptimeNanoseconds.magnitude)
    }

    /// There is no room for GOAWAY either.
    private func stalled() {
        for stream in streams.values { stream.stalled() }
        close()
    }

    // MARK: memory

    var heldBytes: Int { waitingInSocket + streams.values.reduce(0) { $0 + $1.heldBytes } }

    /// The largest streams, until half of what is held is free; the connection when it is the socket that takes nothing.
    func giveUpBuffers() {
        let inSocket = waitingInSocket
        let largest = streams.values.map { ($0, $0.heldBytes) }.sorted { $0.1 > $1.1 }
        let held = largest.reduce(0) { $0 + $1.1 }
        guard held > inSocket else {
            for stream in streams.values { stream.giveUpBuffers() }
            return close()
        }
        announce()
        var freed = 0
        for (stream, bytes) in largest where freed * 2 < held {
            stream.giveUpBuffers()
            freed += bytes
        }
    }
}
