import SallyportConfig

/// When an endpoint that fails requests is taken out of service, and for how long.
package struct OutlierRule: Sendable {
    package let settings: Ejection
    /// No ejection lasts longer.
    package static let longest: Nanoseconds = 300 * 1_000_000_000

    package init(_ settings: Ejection) { self.settings = settings }

    /// Whether an event counts against the endpoint.
    package func counts(_ failure: FailureKind) -> Bool {
        settings.after > 0 && settings.on.contains(failure)
    }

    package func isOutlier(failuresInARow: Int) -> Bool {
        settings.after > 0 && failuresInARow >= settings.after
    }

    /// Whether one more of this many may go while so many are gone. One always may, but never the only one.
    package func mayEject(ejected: Int, of total: Int) -> Bool {
        guard total > 1 else { return false }
        return ejected == 0 || Double(ejected + 1) <= Double(total) * settings.atMost.fraction
    }

    /// - Parameter times: How often it was ejected lately, this time included.
    package func length(times: Int) -> Nanoseconds {
        let (product, overflow) = settings.time.inNanoseconds.multipliedReportingOverflow(by: Int64(max(1, times)))
        return overflow ? Self.longest : min(Self.longest, max(product, min(settings.time.inNanoseconds, Self.longest)))
    }
}
