extension Reason {
    // MARK: 404x the accept gate

    package static let connectionLimit = Reason(
        4040, "Too many connections", origin: .gateway,
        explanation: """
            As many clients are connected as `limits.connections` allows, or as half of the open files of the process. \
            New connections are closed; the admin listener is counted apart.
            """,
        fix: "Raise the limit of open files (LimitNOFILE) and `limits.connections`, or run another gateway beside it.")
    package static let addressConnectionLimit = Reason(
        4041, "Too many connections from one address", origin: .client,
        explanation: "An address (IPv6: a /64) has as many connections open as `limits.addresses.connections` allows.",
        fix: "If a proxy or many users stand behind the address, put it into `limits.addresses.exempt` or raise the limit.")
    package static let addressConnectionRate = Reason(
        4042, "New connections too fast from one address", origin: .client,
        explanation: """
            An address (IPv6: a /64) opens connections faster than `limits.addresses.rate` with `burst`; the surplus \
            is closed.
            """,
        fix: "Have the client keep connections open; for a proxy use `limits.addresses.exempt`.")
    package static let addressTableFull = Reason(
        4043, "Too many addresses at once", origin: .gateway,
        explanation: "The table of addresses is full of addresses with open connections, so a new one cannot be counted.",
        fix: "Nothing helps but more memory or a filter in front: connections that cannot be counted are not taken.")
    package static let addressHandshakeRate = Reason(
        4044, "Handshakes too fast from one address", origin: .client,
        explanation: "An address begins TLS handshakes faster than `limits.addresses.handshakes` allows.",
        fix: "Have the client keep connections open; for a proxy use `limits.addresses.exempt`.")
    package static let handshakeRate = Reason(
        4045, "Handshakes of strangers too fast", origin: .client,
        explanation: """
            Addresses that have not completed a good handshake lately begin more TLS handshakes than \
            `limits.handshakes` allows. Those that have come in meanwhile.
            """,
        fix: "Raise `limits.handshakes` if these are real clients: a handshake costs about 0.3 ms of a core.")
    package static let identityConnectionLimit = Reason(
        4046, "Too many connections of one identity", origin: .client,
        explanation: "A client has as many connections open as `limits.identities.connections` allows.",
        fix: "Look for a client that leaks connections, or raise the limit.")
    package static let memoryExhausted = Reason(
        4047, "The gateway is short of memory", status: 503, origin: .gateway,
        explanation: """
            More than 92 parts of a hundred of the memory budget are in use, so new requests are answered 503; beyond \
            95 new connections are closed as well.
            """,
        fix: "Raise `limits.memory` or the limit of the container, or lower `limits.connections`.")
    package static let openFilesExhausted = Reason(
        4048, "The process has too many files open", origin: .gateway,
        explanation: "Nearly as many files and sockets are open as the process may have; clients wait until some are closed.",
        fix: "Raise the limit of open files: LimitNOFILE of the service, or ulimit -n.")
    package static let unprovenConnection = Reason(
        4049, "Too many connections without a request", origin: .client,
        explanation: """
            A quarter of all connections at most may be open without having sent the head of a first request. Beyond \
            that the oldest of them is closed.
            """,
        fix: "Nothing on a good network; many of these are an attack with slow requests, which this limit stops.")
    package static let overloaded = Reason(
        4050, "The gateway has too much to do", status: 503, origin: .gateway,
        explanation: """
            As many requests are under way as `limits.requests` allows, and this one waited for its turn for a second, \
            or too many waited before it. Turns go round by identity.
            """,
        fix: "Look for slow upstreams, raise `limits.requests`, or run another gateway beside it.")
    package static let bufferGivenUp = Reason(
        4051, "The connection held too much memory", origin: .gateway,
        explanation: "More than 95 parts of a hundred of the memory budget were in use, and this connection's buffers were among the largest.",
        fix: "Raise `limits.memory` or the limit of the container; look for a client that reads slowly.")

    // MARK: 405x the PROXY protocol

    package static let proxyHeaderMalformed = Reason(
        4055, "The PROXY header is malformed", origin: .client,
        explanation: "A trusted peer of a listener with `proxyProtocol` sent a header that does not follow the specification.",
        fix: "Look at the load balancer's settings: PROXY protocol version 1 or 2 over TCP is understood.")
    package static let proxyHeaderMissing = Reason(
        4056, "The PROXY header is missing", origin: .client,
        explanation: "A trusted peer of a listener with `proxyProtocol` began without the header; who its client is cannot be known.",
        fix: "Turn the PROXY protocol on in the load balancer, or take its address out of `proxyProtocol.trust`.")
    package static let proxyPeerUntrusted = Reason(
        4057, "The peer may not speak for others", origin: .client,
        explanation: "A listener with `proxyProtocol` was reached from an address that is not in `proxyProtocol.trust`.",
        fix: "Add the load balancer's network to `trust`, or let others in as themselves: `others: direct`.")
    package static let proxyHeaderTooLong = Reason(
        4058, "The PROXY header is too long", origin: .client,
        explanation: "A header of version 1 has at most 107 bytes; of version 2 at most 2,048 bytes are taken.",
        fix: "Have the load balancer send fewer TLVs.")
    package static let proxyChecksumWrong = Reason(
        4059, "The checksum of the PROXY header is wrong", origin: .client,
        explanation: "The header of version 2 carries a CRC-32c that does not fit its bytes.",
        fix: "Look for a device between load balancer and gateway that changes bytes.")

    // MARK: 409x bans

    package static let addressBanned = Reason(
        4094, "The address is banned", status: 403, origin: .client,
        explanation: """
            The client's address, or a network that it lies in, is banned: by `sallyport ban add`, or by itself after \
            as many refusals as `limits.bans` allows. New connections are closed before anything is read.
            """,
        fix: "See why and until when: sallyport ban list. To lift it: sallyport ban remove ADDRESS")
    package static let identityBanned = Reason(
        4095, "The identity is banned", status: 403, origin: .client,
        explanation: """
            The client's identity is banned: by `sallyport ban add`, or by itself after as many refusals as \
            `limits.bans` allows. New connections are closed after their handshake.
            """,
        fix: "See why and until when: sallyport ban list. To lift it: sallyport ban remove IDENTITY")
    package static let banFileUnusable = configuration(
        1380, "The bans cannot be read",
        """
        The file in the state directory that keeps bans cannot be read, or something in it is damaged. Nothing is \
        guessed: a gateway that forgot its bans would serve whoever was shut out.
        """,
        fix: "Restore bans.json of the state directory from a backup, correct it by hand, or remove it to lift every ban.")
    package static let banListFull = configuration(
        1381, "There are too many bans",
        """
        At most 10,000 bans are kept. Automatic ones give way to others; when operators have added all of them, no \
        further one is taken.
        """,
        fix: "Ban networks in place of single addresses, or lift bans: sallyport ban list, sallyport ban remove.")

    static let edgeReasons = [
        connectionLimit, addressConnectionLimit, addressConnectionRate, addressTableFull, addressHandshakeRate,
        handshakeRate, identityConnectionLimit, memoryExhausted, openFilesExhausted, unprovenConnection, overloaded,
        bufferGivenUp, proxyHeaderMalformed, proxyHeaderMissing, proxyPeerUntrusted, proxyHeaderTooLong,
        proxyChecksumWrong, addressBanned, identityBanned, banFileUnusable, banListFull,
    ]
}
