/// How long the parts of leaving take.
package struct Shutdown: Sendable, Hashable {
    /// For exchanges under way, from the moment that no connection is taken any more.
    package var drain: Duration
    /// From being asked to stop to that moment.
    package var delay: Duration
    /// For one more request on a connection that has none.
    package var idle: Duration

    package init(drain: Duration = .seconds(30), delay: Duration = .zero, idle: Duration = .seconds(2)) {
        self.drain = drain
        self.delay = delay
        self.idle = idle
    }
}
