/// How a request is given to one of an upstream's targets.
package struct Balance: Sendable, Hashable {
    package var method: Method
    /// For how long a target that comes (back) into service gets less than its share; zero: not at all.
    package var slowStart: Duration
    /// When fewer targets than this share are healthy, health is not believed and all of them are used.
    package var panicBelow: Share

    package enum Method: Sendable, Hashable {
        /// In turn, by weight.
        case roundRobin
        /// The one with the fewest requests under way, by weight.
        case leastRequests
        /// The less busy of two that are drawn.
        case random2
        /// Always the same one for the same key, as long as it is healthy.
        case hash(HashKey)
    }

    /// What makes two requests go to the same target.
    package enum HashKey: Sendable, Hashable {
        /// Who asks; the address where nobody is known.
        case identity
        /// The address that the client's connection comes from.
        case address
        /// A request field, lower-case; requests without it are spread at random.
        case header(String)
        /// A cookie; requests without it are spread at random.
        case cookie(String)
    }

    package init(method: Method = .roundRobin, slowStart: Duration = .zero, panicBelow: Share = Share(percent: 50)) {
        self.method = method
        self.slowStart = slowStart
        self.panicBelow = panicBelow
    }
}

/// A part of a whole, exact to a hundredth of a percent.
package struct Share: Sendable, Hashable {
    /// Hundredths of a percent: 10 000 is the whole.
    package var basisPoints: Int

    package init(basisPoints: Int) { self.basisPoints = basisPoints }
    package init(percent: Int) { basisPoints = percent * 100 }

    package var fraction: Double { Double(basisPoints) / 10_000 }

    /// As it stands in a file: `20%`, `2.5%`.
    package var text: String {
        let (whole, rest) = basisPoints.quotientAndRemainder(dividingBy: 100)
        if rest == 0 { return "\(whole)%" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)%" : "\(whole).\(rest < 10 ? "0" : "")\(rest)%"
    }
}
