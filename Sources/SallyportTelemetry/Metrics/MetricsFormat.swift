/// What a scrape is written in.
package enum MetricsFormat: Sendable, Equatable {
    /// Prometheus text exposition format 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format that these Accept fields like best (RFC 9110 §12.5.1). OpenMetrics has to be asked for by name; whoever
    /// asks for nothing that there is gets the text format, as scrapers and browsers expect.
    package init(accept: [String]) {
        var best = (format: MetricsFormat.text, weight: 0)
        var left = Self.mostRanges
        for range in accept.joined(separator: ",").utf8.prefix(Self.mostBytes).split(separator: UInt8(ascii: ",")) {
            guard left > 0 else { break }
            left -= 1
            guard let wish = MediaRange(range), let format = wish.format, wish.weight > best.weight else { continue }
            best = (format, wish.weight)
        }
        self = best.format
    }

    private static let mostRanges = 32
    private static let mostBytes = 2048
}

/// One media range of an Accept field.
struct MediaRange {
    private var type = ""
    private var version: String?
    /// In thousandths; 0 is not wanted.
    private(set) var weight = 1000

    /// Nil for one that cannot be read.
    init?(_ text: some Collection<UInt8>) {
        var parts = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { Self.word($0) }
        guard let first = parts.first, !first.isEmpty else { return nil }
        type = first
        parts.removeFirst()
        for part in parts {
            guard let equals = part.firstIndex(of: "=") else { return nil }
            let (name, value) = (part[..<equals], part[part.index(after: equals)...])
            switch name {
            case "q":
                guard let weight = Self.weight(value) else { return nil }
                self.weight = weight
            case "version": version = value.filter { $0 != "\"" }
            default: continue
            }
        }
    }

    /// The format that it names; nil for one that there is not.
    var format: MetricsFormat? {
        switch type {
        case "application/openmetrics-text" where version == nil || version == "1.0.0": .openMetrics
        case "text/plain" where version == nil || version == "0.0.4": .text
        case "text/*", "*/*": .text
        default: nil
        }
    }

    private static func word(_ text: some Collection<UInt8>) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let trimmed = Array(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
        return String(decoding: trimmed, as: UTF8.self).lowercased()
    }

    /// `0`, `0.7`, `1.000`: at most three digits behind the point (RFC 9110 §12.4.2).
    private static func weight(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, whole == "0" || whole == "1" else { return nil }
        let digits = parts.count > 1 ? parts[1] : ""
        guard digits.utf8.count <= 3, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let padded = digits + String(repeating: "0", count: 3 - digits.utf8.count)
        let value = (whole == "1" ? 1000 : 0) + (Int(padded) ?? 0)
        return value <= 1000 ? value : nil
    }
}
