/// Errors of the file about rate limits and the cluster: 1350 … 1369.
extension Reason {
    package static let rateMalformed = configuration(
        1350, "Not a rate",
        """
        A rate is a number of requests, or a size, and the time in which so much comes back: 100/s, 1000/min, \
        50000/hour, 1/day, 1000000/month, 10MiB/s.
        """,
        fix: "Write the rate as number/time; the times are s, min, hour, day and month.")
    package static let limitContradiction = configuration(
        1351, "Keys of a rate limit contradict each other",
        """
        Some keys go with some kinds of limits only: `burst` with rates by the second, minute or hour; \
        `whenClusterFails` with `scope: cluster`; and what is under way at a time is counted in each gateway by itself.
        """,
        fix: "Remove the key that the message names, or choose the other kind of limit.")
    package static let clusterNotConfigured = configuration(
        1352, "No cluster to share a limit in",
        "The limit is shared between gateways, and the file does not say where they count together.",
        fix: "Add `cluster: { valkey: \"valkeys://HOST:6379\" }`, or use `scope: local`.")
    package static let burstTooLarge = configuration(
        1353, "The burst outlasts a year",
        "A burst that takes more than a year to come back at this rate is no limit that anybody would notice.",
        fix: "Lower `burst`, or use a rate by the day or month.")
    package static let limitNameTwice = configuration(
        1354, "Two rate limits of one policy have the same name",
        "Responses, logs and shared counters tell limits apart by their names.",
        fix: "Give each limit of the policy a `name` of its own.")
    package static let clusterAddressMalformed = configuration(
        1355, "Not the address of a Valkey or Redis server",
        "The server is named by a URL such as valkeys://state.internal:6379; valkeys and rediss are with TLS.",
        fix: "Write valkeys://HOST:PORT. User name and password have keys of their own, and the database is always 0.")

    static let limitConfigurationReasons = [
        rateMalformed, limitContradiction, clusterNotConfigured, burstTooLarge, limitNameTwice,
        clusterAddressMalformed,
    ]
}
