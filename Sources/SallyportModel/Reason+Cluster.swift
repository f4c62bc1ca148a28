extension Reason {
    package static let clusterUnreachable = Reason(
        8001, "The shared counters cannot be reached", origin: .gateway,
        explanation: "There is no connection to the server in `cluster.valkey`, or it was closed. Until there is one again each limit of the cluster does what its `whenClusterFails` says.",
        fix: "See that the server runs and that address, port and TLS are right; the gateway tries again by itself.")
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
        explanation: "What answers at the address in `cluster.valkey` is not Redis 6 or newer or Valkey, or it sent a reply larger than any that was asked for.",
        fix: "Check address and port; `valkeys://` is with TLS, `valkey://` without.")
    package static let clusterTooSlow = Reason(
        8005, "The shared counters did not answer in time", origin: .gateway,
        explanation: "The server accepted a command and sent no reply before its deadline. The connection is given up, and the limits of the cluster do what their `whenClusterFails` says.",
        fix: "Look for what blocks the server (SLOWLOG GET) or the network between.")
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
