/// How the gateway finds out which targets can serve.
package struct HealthSettings: Sendable, Hashable {
    /// Asked of each target; nil: nothing is asked.
    package var check: HealthCheck?
    package var ejection: Ejection

    package init(check: HealthCheck? = nil, ejection: Ejection = Ejection()) {
        self.check = check
        self.ejection = ejection
    }
}

/// Questions that the gateway asks a target by itself.
package struct HealthCheck: Sendable, Hashable {
    /// A path, perhaps with a query.
    package var path: String
    package var every: Duration
    package var timeout: Duration
    /// Statuses that mean health.
    package var expect: [ClosedRange<UInt16>]
    /// So many failures in a row take a target out of service.
    package var downAfter: Int
    /// So many successes in a row bring it back.
    package var upAfter: Int

    package init(
        path: String, every: Duration = .seconds(10), timeout: Duration = .seconds(2),
        expect: [ClosedRange<UInt16>] = [200...299], downAfter: Int = 3, upAfter: Int = 2
    ) {
        self.path = path
        self.every = every
        self.timeout = timeout
        self.expect = expect
        self.downAfter = downAfter
        self.upAfter = upAfter
    }
}

/// Taking a target out of service because of how requests fared there.
package struct Ejection: Sendable, Hashable {
    /// Failures in a row; zero: never.
    package var after: Int
    package var on: [FailureKind]
    /// The first time; the second lasts twice as long, and so on.
    package var time: Duration
    /// No more of the targets than this, but always one.
    package var atMost: Share

    package init(
        after: Int = 5, on: [FailureKind] = [.connect, .reset, .timeout, .status(502), .status(503), .status(504)],
        time: Duration = .seconds(30), atMost: Share = Share(percent: 50)
    ) {
        self.after = after
        self.on = on
        self.time = time
        self.atMost = atMost
    }
}

/// One way in which a target can fail a request.
package enum FailureKind: Sendable, Hashable {
    /// No connection came about.
    case connect
    /// The connection ended before a byte of the response came.
    case reset
    /// The head of the response did not come in time.
    case timeout
    /// It answered with this status.
    case status(UInt16)

    /// As it stands in a file.
    package var text: String {
        switch self {
        case .connect: "connect"
        case .reset: "reset"
        case .timeout: "timeout"
        case .status(let status): "\(status)"
        }
    }
}

/// When a request is sent once more.
package struct Retries: Sendable, Hashable {
    /// After the first one.
    package var attempts: Int
    package var on: [FailureKind]
    /// Of all requests of the last ten seconds.
    package var budget: Share
    /// Allowed whatever the budget says, per worker.
    package var perSecond: Int

    package init(
        attempts: Int = 2, on: [FailureKind] = [.connect, .reset], budget: Share = Share(percent: 20), perSecond: Int = 10
    ) {
        self.attempts = attempts
        self.on = on
        self.budget = budget
        self.perSecond = perSecond
    }
}

/// What an upstream may be asked to bear at a time.
package struct Circuit: Sendable, Hashable {
    package var maxRequests: Int
    /// Requests that wait for their turn.
    package var maxPending: Int
    package var maxWait: Duration

    package init(maxRequests: Int = 4096, maxPending: Int = 1024, maxWait: Duration = .seconds(1)) {
        self.maxRequests = maxRequests
        self.maxPending = maxPending
        self.maxWait = maxWait
    }
}

/// Whether the number of requests under way follows how fast the targets answer.
package enum Concurrency: String, Sendable, CaseIterable {
    case fixed
    case adaptive
}

/// Asking a second target when the first one is slow.
package struct Hedge: Sendable, Hashable {
    /// Not earlier than this, and not before nineteen of twenty requests would have been answered.
    package var after: Duration
    /// Of all requests.
    package var share: Share

    package init(after: Duration = .milliseconds(10), share: Share = Share(percent: 2)) {
        self.after = after
        self.share = share
    }
}

/// A copy of some requests to another upstream, whose answers nobody sees.
package struct TrafficMirror: Sendable, Hashable {
    /// A key of `Configuration.upstreams`.
    package var upstream: String
    package var share: Share

    package init(upstream: String, share: Share) {
        self.upstream = upstream
        self.share = share
    }
}

/// What share of a route's requests goes to the targets with a label.
package struct SplitPart: Sendable, Hashable {
    package var label: String
    /// In relation to the other parts; zero: none.
    package var weight: Int

    package init(label: String, weight: Int) {
        self.label = label
        self.weight = weight
    }
}
