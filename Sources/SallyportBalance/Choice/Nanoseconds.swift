/// A point on a clock that only goes forward, or a span of it. Whoever calls brings the time along.
package typealias Nanoseconds = Int64

extension Duration {
    package var inNanoseconds: Nanoseconds {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole + attoseconds / 1_000_000_000
    }
}
