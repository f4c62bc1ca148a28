/// `shutdown`: how the gateway leaves, whether it is stopped or another process takes its place.
enum ShutdownSection {
    private static let defaults = Shutdown()
    private static let waits: ClosedRange<Duration> = .zero...(.seconds(3600))
    static let drain = DefaultedField(
        "drain", .duration(waits), default: defaults.drain,
        "How long exchanges under way may go on once the gateway takes no new connection; what is left then is cut.")
    static let delay = DefaultedField(
        "delay", .duration(waits), default: defaults.delay,
        """
        How long the gateway goes on taking connections after it has been asked to stop and says so in `status`, so \
        that a load balancer can notice; a hand-over to another process does not wait.
        """)
    static let idle = DefaultedField(
        "idle", .duration(waits), default: defaults.idle,
        """
        How long a connection without a request is kept while the gateway drains: a request that comes in this time \
        is answered, with `Connection: close`.
        """,
        danger: "Without it a client that sends a request just then is answered with a closed connection.")

    static let type = ValueType.record("`shutdown`", [drain.row, delay.row, idle.row]) { record in
        Shutdown(drain: record[drain], delay: record[delay], idle: record[idle])
    }
}
