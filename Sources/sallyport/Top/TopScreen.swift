import SallyportTelemetry

/// What `top` shows: two looks at a gateway and what happened between them. Draws; reads nothing.
struct TopScreen {
    enum Order: String, CaseIterable {
        case requests, errors, latency, name

        var next: Order {
            let all = Order.allCases
            return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
        }
    }

    let before: TopSnapshot
    let now: TopSnapshot
    /// Between the two.
    let seconds: Double
    var order = Order.requests

    struct Row: Equatable {
        var name: String
        var requests, clientErrors, serverErrors: Double
        /// Microseconds; nil without a request.
        var median, slowest: Int?
    }

    /// - Parameters:
    ///   - width: columns of the terminal.
    ///   - height: lines; what does not fit is left out at the end.
    func lines(width: Int, height: Int) -> [String] {
        let all = head + [""] + routeTable + [""] + upstreamTable
        return all.prefix(max(1, height)).map { String($0.prefix(max(1, width))) }
    }

    // MARK: head

    private var head: [String] {
        let edge = now.edge
        let refused = edge.refused.reduce(0) { $0 + $1.count } - before.edge.refused.reduce(0) { $0 + $1.count }
        return [
            "generation \(now.generation)\(now.draining ? ", DRAINING" : "")   requests \(now.requests)   \(rate(now.requests - before.requests))/s   \(Sparkline.text(now.requestRates))",
            "connections \(edge.connections) of \(edge.connectionLimit)   handshakes \(rate(now.handshakes - before.handshakes))/s, "
                + "\(rate(now.refusedHandshakes - before.refusedHandshakes))/s refused   turned away \(rate(refused))/s",
            "memory \(edge.memoryUsed >> 20) of \(edge.memoryBudget >> 20) MiB   waiting \(edge.waitingRequests)",
        ]
    }

    private func rate(_ count: Int) -> String { Self.text(Double(max(0, count)) / seconds) }

    /// `0.5`, `12`, `3400`
    private static func text(_ rate: Double) -> String {
        if rate == 0 { return "0" }
        let tenths = Int((rate * 10).rounded())
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : "\((tenths + 5) / 10)"
    }

    // MARK: routes

    /// In the order that was asked for.
    var rows: [Row] {
        let known = Dictionary(before.routes.map { ($0.name, $0) }) { first, _ in first }
        return now.routes.map { row($0, since: known[$0.name]) }.sorted(by: precedes)
    }

    private func row(_ route: TopSnapshot.Route, since former: TopSnapshot.Route?) -> Row {
        func difference(_ count: (TopSnapshot.Route) -> Int) -> Double {
            Double(max(0, count(route) - (former.map(count) ?? 0))) / seconds
        }
        let durations = route.durations.enumerated().map { index, count in
            let old = former.flatMap { $0.durations.indices.contains(index) ? $0.durations[index] : nil } ?? 0
            return UInt64(max(0, count - old))
        }
        return Row(
            name: route.name.isEmpty ? "(no route)" : route.name, requests: difference(\.requests),
            clientErrors: difference(\.clientErrors), serverErrors: difference(\.serverErrors),
            median: DurationBuckets.quantile(0.5, of: durations).map { Int($0 / 1000) },
            slowest: DurationBuckets.quantile(0.99, of: durations).map { Int($0 / 1000) })
    }

    private func precedes(_ left: Row, _ right: Row) -> Bool {
        switch order {
        case .requests: (right.requests, left.name) < (left.requests, right.name)
        case .errors: (right.serverErrors, right.clientErrors, left.name) < (left.serverErrors, left.clientErrors, right.name)
        case .latency: (right.slowest ?? -1, left.name) < (left.slowest ?? -1, right.name)
        case .name: left.name < right.name
        }
    }

    private var routeTable: [String] {
        let titles = ["ROUTE", "REQ/S", "4XX/S", "5XX/S", "P50", "P99"]
        return Self.table(
            [titles]
                + rows.map { row in
                    [
                        row.name, Self.text(row.requests), Self.text(row.clientErrors), Self.text(row.serverErrors),
                        Self.duration(row.median), Self.duration(row.slowest),
                    ]
                })
    }

    /// `850 µs`, `12 ms`, `1.2 s`
    private static func duration(_ microseconds: Int?) -> String {
        guard let microseconds else { return "-" }
        if microseconds < 1000 { return "\(microseconds) µs" }
        if microseconds < 1_000_000 { return "\(microseconds / 1000) ms" }
        return "\(microseconds / 1_000_000).\(microseconds % 1_000_000 / 100_000) s"
    }

    // MARK: upstreams

    private var upstreamTable: [String] {
        Self.table(
            [["UPSTREAM", "UNDER WAY", "WAITING", "HEALTHY", ""]]
                + now.upstreams.map { upstream in
                    let healthy = upstream.targets.count { $0.state == "healthy" }
                    return [
                        upstream.name, "\(upstream.requestsUnderWay)", "\(upstream.pending)",
                        "\(healthy)/\(upstream.targets.count)", upstream.circuitOpen ? "FULL" : "",
                    ]
                })
    }

    /// The first column to the left, the others to the right.
    private static func table(_ rows: [[String]]) -> [String] {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + space : space + text
            }.joined(separator: "  ")
        }
    }
}
