import Glibc
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportPKI

/// Asks the machine behind a name whether it knows a challenge (RFC 8555 section 8, RFC 8737).
///
/// A name is an attacker's to point anywhere. So all addresses that it resolves to must lie in the configured networks,
/// one of those very addresses is connected to, on the configured port, and no redirect is followed.
struct ChallengeProber: Sendable {
    private static let attempts = 3
    private static let connectTimeout = TimeAmount.seconds(5)
    private static let deadline = TimeAmount.seconds(10)
    /// Addresses of one name that are tried.
    private static let mostAddresses = 3
    /// Threads that wait for name servers, apart from those that serve requests.
    private static let resolvers: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    let settings: ACMEServerSettings.Validation
    let group: any EventLoopGroup

    func probe(_ validation: ACMEValidation) async -> Result<Void, ValidationFailure> {
        var failure = ValidationFailure(.connection, "nobody answered")
        for attempt in 0..<Self.attempts {
            if attempt > 0 {
                do { try await Task.sleep(for: .seconds(attempt * 2)) } catch { return .failure(failure) }
            }
            do throws(ValidationFailure) {
                try await look(validation)
                return .success(())
            } catch {
                failure = error
                if !error.mayPass { break }
            }
        }
        return .failure(failure)
    }

    private func look(_ validation: ACMEValidation) async throws(ValidationFailure) {
        let port = validation.type == .http ? settings.httpPort : settings.tlsPort
        var failure = ValidationFailure(.connection, "nobody answered")
        for address in try await addresses(of: validation.name, port: port).prefix(Self.mostAddresses) {
            do throws(ValidationFailure) {
                switch validation.type {
                case .http: return try await askHTTP(validation, at: address)
                case .tlsALPN: return try await askTLS(validation, at: address)
                }
            } catch {
                failure = error
            }
        }
        throw failure
    }

    // MARK: addresses

    private func addresses(of name: String, port: UInt16) async throws(ValidationFailure) -> [SocketAddress] {
        let found: [SocketAddress]
        do {
            found = try await Self.resolvers.runIfActive { try Self.resolve(name, port: port) }
        } catch {
            throw ValidationFailure(.dns, "the name cannot be resolved")
        }
        guard !found.isEmpty else { throw ValidationFailure(.dns, "the name has no address") }
        let isAllowed = found.allSatisfy { address in
            settings.networks.contains { $0.contains(address.addressBytes) }
        }
        guard isAllowed else {
            throw ValidationFailure(.rejectedIdentifier, "the name leads to an address that is not asked")
        }
        return found
    }

    private static func resolve(_ name: String, port: UInt16) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, String(port), &hints, &list) == 0 else { throw ValidationFailure(.dns, "") }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr {
                switch Int32(entry.pointee.ai_family) {
                case AF_INET:
                    address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                        found.append(SocketAddress($0.pointee))
                    }
                case AF_INET6:
                    address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                        found.append(SocketAddress($0.pointee))
                    }
                default: break
                }
            }
            next = entry.pointee.ai_next
        }
        return found
    }

    // MARK: http-01

    private func askHTTP(_ validation: ACMEValidation, at address: SocketAddress) async throws(ValidationFailure) {
        let text = "http://\(validation.name):\(settings.httpPort)/.well-known/acme-challenge/\(validation.token)"
        guard let url = FetchURL(text) else { throw ValidationFailure(.malformed, "the name makes no URL") }
        let bounds = FetchBounds(content: 4096, redirects: 0)
        let request = FetchRequest(.get, url, bounds: bounds)
        let outcome = await connected(to: address) { channel, promise in
            try channel.pipeline.syncOperations.addHandler(
                FetchConnection(request, to: url, isSecured: false, address: "", promise: promise))
        } whenFailed: { detail in
            .failure(FetchFailure(.fetchUnreachable, url, detail))
        }
        guard case .success(let answer) = outcome else {
            throw ValidationFailure(.connection, "the challenge could not be fetched from port \(settings.httpPort)")
        }
        guard answer.response.status == 200 else {
            throw ValidationFailure(.unauthorized, "the challenge was answered with status \(answer.response.status)")
        }
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d]
        let content = answer.response.body.reversed().drop { blanks.contains($0) }.reversed()
        guard content.elementsEqual(validation.keyAuthorization.utf8) else {
            throw ValidationFailure(.unauthorized, "the answer is not the key authorization of the challenge")
        }
    }

    // MARK: tls-alpn-01

    private func askTLS(_ validation: ACMEValidation, at address: SocketAddress) async throws(ValidationFailure) {
        let outcome = await connected(to: address) { channel, promise in
            try channel.pipeline.syncOperations.addHandler(
                ChallengeTLSHandler(name: validation.name, promise: promise))
        } whenFailed: { _ in
            ChallengeTLSOutcome.failed
        }
        guard case .shown(let certificate) = outcome else {
            throw ValidationFailure(.tls, "there was no handshake with \(ACMETLSChallenge.applicationProtocol)")
        }
        let failure = ACMETLSChallenge.check(
            certificate, name: validation.name, keyAuthorization: validation.keyAuthorization)
        if let failure { throw failure }
    }

    // MARK: connections

    /// Connects, lets `begin` add the handlers that keep the promise, and returns what it was kept with. The connection
    /// is closed then, and when the deadline has come.
    private func connected<Outcome: Sendable>(
        to address: SocketAddress,
        begin: @escaping @Sendable (any Channel, EventLoopPromise<Outcome>) throws -> Void,
        whenFailed: @escaping @Sendable (String) -> Outcome
    ) async -> Outcome {
        let loop = group.next()
        let promise = loop.makePromise(of: Outcome.self)
        let timer = loop.scheduleTask(in: Self.deadline) { promise.succeed(whenFailed("it took too long")) }
        ClientBootstrap(group: loop)
            .connectTimeout(Self.connectTimeout)
            .connect(to: address)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
                    do { try begin(channel, promise) } catch { promise.succeed(whenFailed("it cannot begin")) }
                case .failure: promise.succeed(whenFailed("there is no connection"))
                }
            }
        do {
            let outcome = try await promise.futureResult.get()
            timer.cancel()
            return outcome
        } catch {
            return whenFailed("the gateway stops")
        }
    }
}

extension ValidationFailure {
    /// Whether another look may find something else.
    fileprivate var mayPass: Bool {
        switch kind {
        case .connection, .dns, .tls: true
        default: false
        }
    }
}

extension SocketAddress {
    /// 4 or 16 bytes; none for a path.
    fileprivate var addressBytes: [UInt8] {
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: []
        }
    }
}
