extension Reason {
    package static let clusterUnreachable = Reason(
        8001, "The shared counters cannot be reached", origin: .gateway,
        explanation: "The gateway has no connection to the server that `cluster.valkey` names: it could not be opened, or it was closed. Until there is one, each limit with `scope: cluster` does what its `whenClusterFails` says.",
        fix: "Start the server, and check the address, the port and the TLS settings in `cluster`. The gateway tries again by itself.")
    package static let clusterLoginRefused = Reason(
        8002, "The shared counters refuse the login", origin: .configuration,
        explanation: "The server in `cluster.valkey` does not take the user name and password, or the user may not run the commands that are needed.",
        fix: "Check `cluster.valkey.username` and `password`, and the commands and keys of the user: see docs/rate-limits.md.")
    package static let clusterSharded = Reason(
        8003, "The shared counters are spread over several servers", origin: .configuration,
        explanation: "The server in `cluster.valkey` answered MOVED or ASK: it is part of a sharded cluster and sends clients elsewhere. The gateway does not follow, because the other address is not in its configuration.",
        fix: "Name a server that keeps all keys, such as a primary with replicas behind one address.")
    package static let clusterMalformed = Reason(
        8004, "The shared counters do not speak RESP3", origin: .configuration,
        explanation: "What answers at the address in `cluster.valkey` is neither Valkey nor Redis 6 or newer, or it sent a longer reply than any question has.",
        fix: "Check the address, the port and the scheme: `valkeys://` is with TLS, `valkey://` is without.")
    package static let clusterTooSlow = Reason(
        8005, "The shared counters did not answer in time", origin: .gateway,
        explanation: "The server accepted a command and sent no reply before its deadline. The connection is given up, and the limits of the cluster do what their `whenClusterFails` says.",
        fix: "Find out what keeps the server busy (SLOWLOG GET), or what delays the network between it and the gateway.")
    package static let clusterCommandRefused = Reason(
        8006, "The shared counters refuse a command", origin: .gateway,
        explanation: "The server answered a script of the gateway with an error: it may be read-only, loading, or out of memory.",
        fix: "The log has the server's words. Name a primary that can be written to and has memory left.")
    package static let clusterLimitClosed = Reason(
        8007, "A shared limit cannot be asked", status: 503, origin: .gateway,
        explanation: "The request falls under a limit of the cluster whose rule says `whenClusterFails: closed`, and the shared counters did not answer within 50 milliseconds.",
        fix: "Bring the server in `cluster.valkey` back, or choose `open-local` for the limit.")

    static let clusterReasons: [Reason] = [
        clusterUnreachable, clusterLoginRefused, clusterSharded, clusterMalformed, clusterTooSlow,
        clusterCommandRefused, clusterLimitClosed,
    ]
}
