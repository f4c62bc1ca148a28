import SallyportConfig
import SallyportModel

/// Which names could not be had lately, and when to try again. It survives a restart, so that a gateway that is started
/// over and over does not press an ACME server.
package struct FailureMemory: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        /// Failures in a row.
        package var count: Int
        /// Seconds since 1970.
        package var retryAt: Int64
        /// Of the reason.
        package var code: String
        /// What went wrong last, printable.
        package var words: String
    }

    /// By name.
    private var entries: [String: Entry] = [:]

    /// More names than any configuration has are not remembered.
    private static let most = 4096

    package init() {}

    /// When all of these names may be asked for again; nil for at once.
    package func retryAt(_ names: [String]) -> Int64? { names.compactMap { entries[$0]?.retryAt }.max() }

    /// The failure that holds these names up longest.
    package func last(_ names: [String]) -> Entry? {
        names.compactMap { entries[$0] }.max { $0.retryAt < $1.retryAt }
    }

    package mutating func succeeded(_ names: [String]) {
        for name in names { entries[name] = nil }
    }

    /// - Parameters:
    ///   - names: of the order; those that the failure names are held up, or all of them.
    ///   - share: 0 up to 1, chosen at random: up to a quarter is added to the pause.
    package mutating func failed(_ failure: ACMEFailure, _ names: [String], at now: Int64, share: Double) {
        for name in failure.names.isEmpty ? names : failure.names {
            guard entries[name] != nil || entries.count < Self.most else { continue }
            let count = (entries[name]?.count ?? 0) + 1
            let pause = Pause(failure.reason).seconds(after: count)
            let own = now + pause + Int64(min(max(share, 0), 1) * Double(pause) / 4)
            entries[name] = Entry(
                count: count, retryAt: max(own, failure.retryAt ?? own), code: failure.reason.name,
                words: failure.detail)
        }
    }

    /// The operator has changed something: what a change can mend is tried again soon. Limits of the server hold.
    package mutating func operatorActed(at now: Int64) {
        let limits = [Reason.acmeRateLimited.name, Reason.acmeValidationFailed.name]
        for (name, entry) in entries where !limits.contains(entry.code) {
            entries[name]?.retryAt = min(entry.retryAt, now + Pause.shortest)
        }
    }
}

/// How long to wait after how many failures in a row, in seconds: doubled each time.
private struct Pause {
    static let shortest: Int64 = 10

    let first: Int64
    let longest: Int64

    init(_ reason: Reason) {
        switch reason {
        // Nobody counts what does not arrive.
        case .fetchUnreachable, .fetchTimedOut, .fetchTLSFailed: (first, longest) = (Self.shortest, 3600)
        // Public authorities allow five an hour.
        case .acmeValidationFailed: (first, longest) = (600, 6 * 3600)
        // Without the operator nothing changes.
        case .acmeTermsNotAgreed, .acmeExternalAccountMissing, .acmeProfileUnknown, .acmeAccountRefused,
            .acmeChallengeNotOffered, .acmeStateUnusable:
            (first, longest) = (600, 6 * 3600)
        case .acmeRateLimited: (first, longest) = (3600, 24 * 3600)
        default: (first, longest) = (60, 6 * 3600)
        }
    }

    func seconds(after count: Int) -> Int64 {
        min(longest, first << Int64(min(max(count, 1) - 1, 20)))
    }
}

extension FailureMemory {
    /// For the state directory.
    var json: JSONValue {
        .object(
            entries.sorted { $0.key < $1.key }.map { name, entry in
                .init(
                    name,
                    .members([
                        "count": .integer(entry.count), "retryAt": .integer(Int(entry.retryAt)),
                        "code": .string(entry.code), "words": .string(entry.words),
                    ]))
            })
    }

    /// Entries that make no sense are left out: to forget a failure is harmless.
    init(_ json: JSONValue) {
        guard case .object(let members) = json else { return }
        for member in members.prefix(Self.most) {
            guard let count = member.value["count"]?.number, count > 0, let retryAt = member.value["retryAt"]?.number,
                let code = member.value["code"]?.text, let words = member.value["words"]?.text
            else { continue }
            entries[member.name] = Entry(
                count: count, retryAt: Int64(retryAt), code: PrintableText.make(code, limit: 8),
                words: PrintableText.make(words, limit: 400))
        }
    }
}
