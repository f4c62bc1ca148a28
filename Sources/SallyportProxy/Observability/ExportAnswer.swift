import FoundationEssentials
import SallyportPKI

/// What a collector's answer means for the spans that were sent (OTLP 1, "OTLP/HTTP Response").
enum ExportAnswer: Equatable, Sendable {
    /// Taken, but for so many; with the collector's words about them.
    case taken(rejected: Int, message: String)
    /// To be sent again, at this time at the earliest (seconds since 1970).
    case later(Int64?)
    /// Never to be sent again.
    case refused(String)

    init(_ response: FetchResponse, at now: Int64) {
        switch response.status {
        case 200..<300: self = Self.taken(response.body)
        case 429, 502, 503, 504: self = .later(RetryAfter.time(in: response, at: now))
        default: self = .refused("status \(response.status)")
        }
    }

    private struct Document: Decodable {
        var partialSuccess: Partial?

        struct Partial: Decodable {
            var rejectedSpans: Count?
            var errorMessage: String?
        }
    }

    /// A 64-bit number, which JSON of protobuf writes as text and readers take either way.
    private struct Count: Decodable {
        let value: Int

        init(from decoder: any Decoder) throws {
            let single = try decoder.singleValueContainer()
            do { value = try single.decode(Int.self) } catch { value = Int(try single.decode(String.self)) ?? 0 }
        }
    }

    /// An answer that cannot be read says nothing against the spans: the status has said that they were taken.
    private static func taken(_ body: [UInt8]) -> ExportAnswer {
        guard !body.isEmpty else { return .taken(rejected: 0, message: "") }
        do {
            let partial = try JSONDecoder().decode(Document.self, from: Data(body)).partialSuccess
            let message = PrintableText.make(partial?.errorMessage ?? "", limit: 200)
            return .taken(rejected: max(0, partial?.rejectedSpans?.value ?? 0), message: message)
        } catch {
            return .taken(rejected: 0, message: "")
        }
    }
}

/// How long to wait before spans are sent again: longer each time, and never all gateways at once.
struct ExportPause {
    private var failures = 0

    /// A batch is given up then.
    static let mostAttempts = 6
    private static let longest: Int64 = 30_000

    /// - Parameter chance: 0 to 1.
    /// - Returns: nil to give up.
    mutating func next(chance: Double) -> Duration? {
        failures += 1
        guard failures < Self.mostAttempts else { return nil }
        let base = min(Self.longest, Int64(1000) << Int64(failures - 1))
        return .milliseconds(base / 2 + Int64(chance * Double(base) / 2))
    }
}
