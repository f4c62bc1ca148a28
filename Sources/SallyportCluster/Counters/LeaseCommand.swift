import SallyportConfig
import SallyportLimits

/// A lease as a command and its reply.
struct LeaseCommand {
    let script: LeaseScript
    let key: String
    let arguments: [String]

    /// - Parameter returned: Tokens that are given back.
    init?(_ quota: RateLimit.Quota, name: String, _ question: LeaseQuestion, returned: Int64 = 0) {
        guard case .rate(let rate, let burst) = quota else { return nil }
        key = name
        let tokens = ["\(question.want)", "\(question.owed)", "\(returned)"]
        if let seconds = rate.period.seconds {
            script = .pace
            arguments = ["\(seconds * 1_000_000)", "\(rate.amount)", "\(burst)"] + tokens
        } else {
            script = .calendar
            arguments = [rate.period.rawValue, "\(rate.amount)"] + tokens
        }
    }

    /// Four whole numbers, none below zero, and no more granted than was wanted.
    static func answer(_ reply: RESPValue, to question: LeaseQuestion) -> LeaseAnswer? {
        guard case .array(let values) = reply, values.count == 4 else { return nil }
        let numbers = values.compactMap { value in
            if case .integer(let number) = value, number >= 0 { number } else { nil as Int64? }
        }
        guard numbers.count == 4, numbers[0] <= question.want else { return nil }
        return LeaseAnswer(
            granted: numbers[0], left: UInt64(numbers[1]), retryAfter: nanoseconds(numbers[2]),
            untilFull: nanoseconds(numbers[3]))
    }

    private static func nanoseconds(_ microseconds: Int64) -> UInt64 {
        let (product, overflow) = UInt64(microseconds).multipliedReportingOverflow(by: 1000)
        return overflow || product > .max / 4 ? .max / 4 : product
    }
}
