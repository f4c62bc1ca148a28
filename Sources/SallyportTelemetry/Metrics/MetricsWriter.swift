/// Writes a scrape. Families come one after the other, each with all its samples, as both formats demand.
package struct MetricsWriter: ~Copyable {
    private let format: MetricsFormat
    private var line = LineBuffer(capacity: 256 << 10)
    private var name: StaticString = ""
    /// Lines with a value.
    package private(set) var samples = 0

    package init(_ format: MetricsFormat) {
        self.format = format
    }

    /// The whole scrape.
    package consuming func finish() -> [UInt8] {
        if format == .openMetrics { line.append("# EOF\n") }
        return line.bytes
    }

    package enum Kind { case counter, gauge, histogram, info }

    // MARK: families

    /// Begins a family.
    ///
    /// - Parameters:
    ///   - name: without `_total` and `_info`; ends with the unit if there is one.
    ///   - help: one sentence.
    package mutating func family(_ name: StaticString, _ kind: Kind, unit: StaticString? = nil, _ help: StaticString) {
        self.name = name
        line.append("# HELP ")
        appendName(kind)
        line.append(" ")
        line.append(help)
        line.append("\n# TYPE ")
        appendName(kind)
        line.append(" ")
        line.append(word(kind))
        line.append("\n")
        guard format == .openMetrics, let unit else { return }
        line.append("# UNIT ")
        line.append(name)
        line.append(" ")
        line.append(unit)
        line.append("\n")
    }

    /// The older format knows a counter by the name of its samples, and no info.
    private mutating func appendName(_ kind: Kind) {
        line.append(name)
        guard format == .text else { return }
        if kind == .counter { line.append("_total") }
        if kind == .info { line.append("_info") }
    }

    private func word(_ kind: Kind) -> StaticString {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .info: format == .openMetrics ? "info" : "gauge"
        }
    }

    // MARK: samples

    package mutating func counter(_ labels: MetricLabels = MetricLabels(), _ value: UInt64) {
        begin("_total", labels)
        line.append(value)
        end()
    }

    package mutating func counter(_ labels: MetricLabels, nanoseconds: UInt64) {
        begin("_total", labels)
        line.appendSeconds(nanoseconds: nanoseconds)
        end()
    }

    package mutating func gauge(_ labels: MetricLabels = MetricLabels(), _ value: Int) {
        begin("", labels)
        if value < 0 { line.append("-") }
        line.append(UInt64(value.magnitude))
        end()
    }

    package mutating func info(_ labels: MetricLabels) {
        begin("_info", labels)
        line.append("1")
        end()
    }

    package mutating func histogram(_ labels: MetricLabels, _ total: DurationTotal) {
        var below: UInt64 = 0
        for (index, count) in total.counts.enumerated() {
            below += count
            beginBucket(labels, DurationBuckets.words[index])
            line.append(below)
            if format == .openMetrics, let exemplar = total.exemplars[index] { append(exemplar) }
            end()
        }
        begin("_count", labels)
        line.append(below)
        end()
        begin("_sum", labels)
        line.appendSeconds(nanoseconds: total.nanoseconds)
        end()
    }

    private mutating func begin(_ suffix: StaticString, _ labels: MetricLabels) {
        line.append(name)
        line.append(suffix)
        if !labels.text.isEmpty {
            line.append("{")
            line.append(labels.text)
            line.append("}")
        }
        line.append(" ")
    }

    private mutating func beginBucket(_ labels: MetricLabels, _ bound: String) {
        line.append(name)
        line.append("_bucket{")
        if !labels.text.isEmpty {
            line.append(labels.text)
            line.append(",")
        }
        line.append("le=\"")
        line.append(bound)
        line.append("\"} ")
    }

    private mutating func end() {
        line.append("\n")
        samples += 1
    }

    private mutating func append(_ exemplar: Exemplar) {
        line.append(" # {trace_id=\"")
        line.append(exemplar.trace)
        line.append("\",span_id=\"")
        line.append(exemplar.span)
        line.append("\"} ")
        line.appendSeconds(nanoseconds: exemplar.nanoseconds)
        line.append(" ")
        line.appendSeconds(nanoseconds: UInt64(clamping: exemplar.time))
    }
}

extension LineBuffer {
    /// Text that is known to need no escaping.
    fileprivate mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(raw: $0) }
    }

    /// `0.000125`, `12.5`, `3.0`: exact, without an exponent.
    mutating func appendSeconds(nanoseconds: UInt64) {
        let (whole, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        append(whole)
        append(".")
        var rest = fraction
        var divisor: UInt64 = 100_000_000
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest / divisor))
            rest %= divisor
            divisor /= 10
        } while rest > 0
    }
}
