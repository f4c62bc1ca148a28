import Glibc
import SallyportEdge
import SallyportModel
import SallyportTelemetry

// What a scrape says besides what the event loops count. It reads what `status` reads, off the event loops.
extension Gateway {
    func scrape(_ format: MetricsFormat) -> [UInt8] {
        var writer = MetricsWriter(format)
        let status = status()
        writer.append(telemetry.families, active: telemetry.active)
        append(status, to: &writer)
        Self.append(status.upstreams, to: &writer)
        Self.append(status.edge, to: &writer)
        Self.append(status.limits, to: &writer)
        Self.append(status.lifetimes, to: &writer)
        appendRecords(to: &writer)
        Self.appendProcess(status, to: &writer)
        return writer.finish()
    }

    private func append(_ status: GatewayStatus, to writer: inout MetricsWriter) {
        writer.family("sallyport_build", .info, "The version that runs.")
        writer.info(MetricLabels().with("version", version))
        writer.family("sallyport_configuration_generation", .gauge, "Number of the configuration that is in service.")
        writer.gauge(MetricLabels(), status.generation)
        writer.family(
            "sallyport_configuration_loaded_timestamp_seconds", .gauge, unit: "seconds",
            "When the configuration that is in service was loaded.")
        writer.gauge(MetricLabels(), Int(status.loadedAt))
        writer.family("sallyport_configuration_last_reload_successful", .gauge, "Whether the newest attempt to load succeeded.")
        writer.gauge(MetricLabels(), status.lastReload.succeeded ? 1 : 0)
        writer.family("sallyport_configuration_reloads", .counter, "Attempts to load a configuration, by result.")
        writer.counter(MetricLabels().with("result", "loaded"), telemetry.reloads.loaded)
        writer.counter(MetricLabels().with("result", "refused"), telemetry.reloads.refused)
        writer.family("sallyport_ready", .gauge, "Whether new connections are welcome.")
        writer.gauge(MetricLabels(), status.ready ? 1 : 0)
        writer.family("sallyport_accepted_risks", .gauge, "Weakenings that the configuration gives a reason for.")
        writer.gauge(MetricLabels(), status.acceptedRisks.count)
        writer.family("sallyport_cluster_reachable", .gauge, "Whether the shared counters answer; absent without a cluster.")
        if let cluster = status.cluster { writer.gauge(MetricLabels(), cluster.reachable ? 1 : 0) }
    }

    // MARK: upstreams

    private static func append(_ upstreams: [UpstreamStatus], to writer: inout MetricsWriter) {
        func each(_ value: (UpstreamStatus) -> Int) {
            for upstream in upstreams { writer.gauge(MetricLabels().with("upstream", upstream.name), value(upstream)) }
        }
        writer.family("sallyport_upstream_active_requests", .gauge, "Requests that an upstream has under way.")
        each(\.requestsUnderWay)
        writer.family("sallyport_upstream_pending_requests", .gauge, "Requests that wait for an upstream that is full.")
        each(\.pending)
        writer.family("sallyport_upstream_circuit_open", .gauge, "Whether an upstream is full, so that further requests wait.")
        each { $0.circuitOpen ? 1 : 0 }
        writer.family("sallyport_upstream_healthy_targets", .gauge, "Targets that requests can go to.")
        each { $0.targets.count { $0.state == "healthy" } }
        writer.family("sallyport_upstream_shed_requests", .counter, "Requests that were turned away because an upstream was full.")
        for upstream in upstreams {
            writer.counter(MetricLabels().with("upstream", upstream.name), UInt64(clamping: upstream.shed))
        }
        appendTargets(upstreams, to: &writer)
    }

    private static func appendTargets(_ upstreams: [UpstreamStatus], to writer: inout MetricsWriter) {
        let targets = upstreams.flatMap { upstream in
            upstream.targets.map { target in
                let labels = MetricLabels().with("address", target.address).with("target", target.url)
                return (labels.with("upstream", upstream.name), target)
            }
        }
        writer.family("sallyport_upstream_target_healthy", .gauge, "Whether requests can go to a target.")
        for (labels, target) in targets { writer.gauge(labels, target.state == "healthy" ? 1 : 0) }
        writer.family("sallyport_upstream_target_active_requests", .gauge, "Requests that a target has under way.")
        for (labels, target) in targets { writer.gauge(labels, target.requestsUnderWay) }
        writer.family("sallyport_upstream_target_requests", .counter, "Requests that a target was asked.")
        for (labels, target) in targets { writer.counter(labels, UInt64(clamping: target.requests)) }
        writer.family("sallyport_upstream_target_failures", .counter, "Requests that a target failed.")
        for (labels, target) in targets { writer.counter(labels, UInt64(clamping: target.failures)) }
    }

    // MARK: edge

    private static func append(_ edge: GatewayStatus.Edge, to writer: inout MetricsWriter) {
        writer.family("sallyport_connections", .gauge, "Client connections that are open.")
        writer.gauge(MetricLabels(), edge.connections)
        writer.family("sallyport_connections_limit", .gauge, "Client connections that may be open.")
        writer.gauge(MetricLabels(), edge.connectionLimit)
        writer.family("sallyport_connections_refused", .counter, "Connections that were turned away at the door, by reason.")
        let refused = Dictionary(edge.refused.map { ($0.code, $0.count) }) { $0 + $1 }
        // From the start, so that the first one shows as a rise.
        for code in Set(GateRefusal.allCases.map(\.reason.name)).sorted() {
            writer.counter(MetricLabels().with("reason", code), UInt64(clamping: refused[code] ?? 0))
        }
        writer.family("sallyport_waiting_requests", .gauge, "Requests that wait for their turn.")
        writer.gauge(MetricLabels(), edge.waitingRequests)
        writer.family("sallyport_memory_budget_bytes", .gauge, unit: "bytes", "Memory that may be used.")
        writer.gauge(MetricLabels(), edge.memoryBudget)
        writer.family("sallyport_memory_step", .gauge, "What is done about scarce memory: 0 is nothing, more is worse.")
        writer.gauge(MetricLabels(), edge.memoryStepNumber)
        writer.family("sallyport_bans", .gauge, "Bans in force, by who made them.")
        writer.gauge(MetricLabels().with("source", "automatic"), edge.bans.automatic)
        writer.gauge(MetricLabels().with("source", "manual"), edge.bans.manual)
    }

    private static func append(_ limits: [GatewayStatus.Limit], to writer: inout MetricsWriter) {
        let all = limits.map { limit in
            let labels = MetricLabels().with("limit", limit.name).with("mode", limit.shadow ? "shadow" : "enforced")
            return (labels.with("policy", limit.policy), limit)
        }
        writer.family("sallyport_limit_requests", .counter, "Requests that a limit was asked about, by what it said.")
        for (labels, limit) in all {
            writer.counter(labels.with("result", "admitted"), UInt64(clamping: limit.admitted))
            writer.counter(labels.with("result", "refused"), UInt64(clamping: limit.refused))
        }
        writer.family("sallyport_limit_callers", .gauge, "Callers that a limit remembers in this process.")
        for (labels, limit) in all { writer.gauge(labels, limit.callers) }
        writer.family("sallyport_limit_callers_forgotten", .counter, "Callers forgotten while they counted, for want of memory.")
        for (labels, limit) in all { writer.counter(labels, UInt64(clamping: limit.forgotten)) }
    }

    // MARK: certificates

    /// Two anchors may bear one name; the one that ends first is the one to know about.
    private static func append(_ lifetimes: [LifetimeStatus], to writer: inout MetricsWriter) {
        var ends: [MetricLabels: Int64] = [:]
        for lifetime in lifetimes {
            let labels = MetricLabels().with("name", lifetime.name).with("role", lifetime.use)
                .with("subject", lifetime.subject)
            ends[labels] = min(ends[labels] ?? .max, lifetime.notAfter)
        }
        writer.family(
            "sallyport_certificate_expiry_timestamp_seconds", .gauge, unit: "seconds",
            "When a certificate or an authority in use ends.")
        for (labels, end) in ends.sorted(by: { $0.key.text < $1.key.text }) { writer.gauge(labels, Int(end)) }
    }

    // MARK: records

    private func appendRecords(to writer: inout MetricsWriter) {
        writer.family("sallyport_log_lines_lost", .counter, "Lines of the access log that could not be written.")
        writer.counter(MetricLabels(), lostLogLines)
        writer.family("sallyport_spans_exported", .counter, "Spans that the collector has taken.")
        writer.counter(MetricLabels(), telemetry.spans.sentSpans)
        writer.family("sallyport_spans_lost", .counter, "Spans that no collector got.")
        writer.counter(MetricLabels(), telemetry.spans.lostSpans)
    }

    /// Under the names that client libraries of Prometheus give them.
    private static func appendProcess(_ status: GatewayStatus, to writer: inout MetricsWriter) {
        writer.family("process_start_time_seconds", .gauge, unit: "seconds", "When the process began.")
        writer.gauge(MetricLabels(), Int(status.startedAt))
        writer.family("process_resident_memory_bytes", .gauge, unit: "bytes", "Memory in use.")
        writer.gauge(MetricLabels(), status.edge.memoryUsed)
        writer.family("process_open_fds", .gauge, "Open files.")
        writer.gauge(MetricLabels(), status.edge.openFiles)
        writer.family("process_max_fds", .gauge, "Files that may be open.")
        writer.gauge(MetricLabels(), status.edge.openFileLimit)
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return }
        let microseconds = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        writer.family("process_cpu_seconds", .counter, unit: "seconds", "Processor time, of user and system together.")
        writer.counter(MetricLabels(), nanoseconds: UInt64(clamping: microseconds) * 1000)
    }
}
