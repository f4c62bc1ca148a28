import Glibc

/// Puts questions to a server over blocking sockets with deadlines. Not for event loops.
package struct ProbeConnection: Sendable {
    /// A name or an address without brackets.
    private let host: String
    private let port: UInt16
    /// For one question, from connecting to the whole answer.
    private let limit: Duration
    /// Past it no question is put any more.
    private let deadline: ContinuousClock.Instant

    package init(host: String, port: UInt16, limit: Duration = .seconds(4), total: Duration = .seconds(90)) {
        self.host = host
        self.port = port
        self.limit = limit
        deadline = ContinuousClock.now + total
    }

    /// Connects, sends the hello, reads the answer and closes.
    package func ask(_ hello: ProbeHello) -> ProbeOutcome {
        let end = min(deadline, ContinuousClock.now + limit)
        guard ContinuousClock.now < end else { return .unreachable("the time for all questions is over") }
        do throws(SocketFailure) {
            let descriptor = try connect(before: end)
            defer { close(descriptor) }
            try send(hello.record(random: Self.random()), to: descriptor, before: end)
            return try answer(from: descriptor, before: end)
        } catch {
            return error.outcome
        }
    }

    private static func random() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    private enum SocketFailure: Error {
        case timedOut, closed
        case unreachable(String)

        var outcome: ProbeOutcome {
            switch self {
            case .timedOut: .timedOut
            case .closed: .closed
            case .unreachable(let words): .unreachable(words)
            }
        }
    }

    // MARK: sockets

    /// The first address of the host that takes the connection.
    private func connect(before end: ContinuousClock.Instant) throws(SocketFailure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else { throw .unreachable(String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(list) }
        var failure = SocketFailure.unreachable("the name has no address")
        var next = list
        while let address = next {
            do throws(SocketFailure) { return try connect(to: address.pointee, before: end) } catch { failure = error }
            next = address.pointee.ai_next
        }
        throw failure
    }

    private func connect(to address: addrinfo, before end: ContinuousClock.Instant) throws(SocketFailure) -> Int32 {
        let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.ai_family, address.ai_socktype | flags, address.ai_protocol)
        guard descriptor >= 0 else { throw .unreachable(Self.systemWords()) }
        do throws(SocketFailure) {
            if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
                guard errno == EINPROGRESS else { throw .unreachable(Self.systemWords()) }
                try waitForConnection(descriptor, before: end)
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    private func waitForConnection(
        _ descriptor: Int32, before end: ContinuousClock.Instant
    ) throws(SocketFailure) {
        do throws(SocketFailure) { try wait(for: POLLOUT, on: descriptor, before: end) } catch {
            throw .unreachable("the connection did not come about in time")
        }
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0, error == 0 else {
            throw .unreachable(String(cString: strerror(error)))
        }
    }

    private func send(
        _ bytes: [UInt8], to descriptor: Int32, before end: ContinuousClock.Instant
    ) throws(SocketFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT, on: descriptor, before: end)
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 { rest = rest.dropFirst(count) } else if !Self.isTransient(errno) { throw .closed }
        }
    }

    private func answer(
        from descriptor: Int32, before end: ContinuousClock.Instant
    ) throws(SocketFailure) -> ProbeOutcome {
        var reader = ServerFlightReader()
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            try wait(for: POLLIN, on: descriptor, before: end)
            let count = recv(descriptor, &part, part.count, 0)
            if count == 0 { throw .closed }
            if count < 0 {
                guard Self.isTransient(errno) else { throw .closed }
                continue
            }
            if let outcome = reader.read(part.span.extracting(0..<count)) { return outcome }
        }
    }

    private func wait(
        for events: Int32, on descriptor: Int32, before end: ContinuousClock.Instant
    ) throws(SocketFailure) {
        while true {
            let left = end - ContinuousClock.now
            guard left > .zero else { throw .timedOut }
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let ready = Glibc.poll(&poll, 1, Int32(clamping: milliseconds + 1))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw .unreachable(Self.systemWords()) }
        }
    }

    private static func isTransient(_ number: Int32) -> Bool {
        number == EINTR || number == EAGAIN || number == EWOULDBLOCK
    }

    private static func systemWords() -> String { String(cString: strerror(errno)) }
}
