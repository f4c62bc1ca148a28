import Logging

/// Replaces what the gateway issued to itself, for as long as it runs: also after the machine slept or the clock was
/// set, and however often it fails. Time and chance come from outside.
struct CertificateRenewal: Sendable {
    /// What is in use; nil when the gateway is gone, which ends the work.
    var terms: @Sendable () -> [RenewalTerm]?
    /// Called at each look.
    var look: @Sendable () -> Void = {}
    var renew: @Sendable () async throws -> Void
    /// Seconds since 1970.
    var now: @Sendable () -> Int64
    /// Throws when the work is to end.
    var sleep: @Sendable (Duration) async throws -> Void
    /// 0 to 1.
    var chance: @Sendable () -> Double
    var logger: Logger

    /// The clock is looked at this often, so that one that jumped is noticed soon.
    static let longestPause = Duration.seconds(30)
    static let longestRetry = Duration.seconds(300)

    func run() async {
        var failures = 0
        while let terms = terms() {
            do { try await sleep(pause(terms, failures: failures)) } catch { return }
            look()
            guard let terms = self.terms(), terms.contains(where: { $0.isDue(at: now()) }) else {
                failures = 0
                continue
            }
            do {
                try await renew()
                if failures > 0 { logger.info("server certificate renewed at last", metadata: ["failures": "\(failures)"]) }
                failures = 0
                logger.info("server certificate renewed")
            } catch {
                failures += 1
                let next = pause(terms, failures: failures)
                logger.warning(
                    "server certificate not renewed, trying again",
                    metadata: ["error": "\(error)", "failures": "\(failures)", "seconds": "\(next.components.seconds)"])
            }
        }
    }

    /// Until the next look: 1 s, 2 s, 4 s … 5 min while it fails, a fifth more or less.
    func pause(_ terms: [RenewalTerm], failures: Int) -> Duration {
        guard failures == 0 else {
            let doubled = Duration.seconds(1 << min(failures - 1, 10))
            return min(doubled, Self.longestRetry) * (0.8 + 0.4 * chance())
        }
        guard let due = terms.map(\.due).min() else { return Self.longestPause }
        let left = due.subtractingReportingOverflow(now())
        guard !left.overflow, left.partialValue < Self.longestPause.components.seconds else { return Self.longestPause }
        return .seconds(max(1, left.partialValue))
    }
}
