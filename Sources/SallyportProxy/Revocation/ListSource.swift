import SallyportConfig
import SallyportPKI

/// Where lists of one authority come from.
struct ListSource: Sendable, Hashable {
    /// The name in `pki.authorities`.
    let authority: String
    let location: AuthorityStatus.Location

    static func all(of authority: String, _ status: AuthorityStatus) -> [ListSource] {
        (status.lists + status.deltas).map { ListSource(authority: authority, location: $0) }
    }
}

/// When a source is looked at again. Times are seconds since 1970.
enum ListSchedule {
    /// A file costs one system call to look at.
    private static let filePause: Int64 = 10
    private static let pauses: ClosedRange<Int64> = 60...21_600
    private static let firstRetry: Int64 = 5
    private static let longestRetry: Int64 = 3600

    /// After lists were had: the operator's choice, or a quarter of the shortest life, and never long after its end.
    static func next(
        after lists: [CertificateList], from location: AuthorityStatus.Location, refresh: Duration?, at now: Int64
    ) -> Int64 {
        if let refresh { return now + max(1, refresh.components.seconds) }
        if case .file = location { return now + filePause }
        let life = lists.map { $0.nextUpdate - $0.thisUpdate }.min() ?? 0
        let end = lists.map(\.nextUpdate).min() ?? now
        let pause = min(max(life / 4, pauses.lowerBound), pauses.upperBound)
        return now + min(pause, max(pauses.lowerBound, end - now))
    }

    /// After `failures` in a row. A URL: doubled each time, with jitter, so that a server that comes back is not
    /// overrun. A file: as ever, for a good one may have been put in its place.
    static func retry(
        after failures: Int, from location: AuthorityStatus.Location, at now: Int64,
        jitter: ClosedRange<Double> = 0.5...1
    ) -> Int64 {
        if case .file = location { return now + filePause }
        let pause = min(longestRetry, firstRetry << Int64(min(max(failures - 1, 0), 12)))
        return now + max(1, Int64(Double(pause) * Double.random(in: jitter)))
    }
}
