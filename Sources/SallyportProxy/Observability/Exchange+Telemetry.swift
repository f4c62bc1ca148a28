import NIOCore
import SallyportHTTP
import SallyportModel
import SallyportTelemetry

/// What is measured of one exchange beside its line in the access log.
struct ExchangeTelemetry {
    /// Nil: requests are not traced.
    var trace: RequestTrace?
    /// The attempt that is under way.
    var attempt: OpenAttempt?
    /// Those that are over, of a request that is recorded.
    var attempts: [AttemptRecord] = []
}

/// One target was asked, and how that ends is open.
struct OpenAttempt {
    let span: SpanID
    let began: NIODeadline
    /// Position of the target in the upstream's plan.
    let target: Int
    var status: UInt16 = 0
}

extension RequestMethod {
    init(_ method: Method) { self = RequestMethod(rawValue: method.rawValue) ?? .other }
}

extension Exchange {
    private var method: RequestMethod { RequestMethod(head.methodKind) }

    // MARK: the request

    func telemetryBegan() {
        loop.metrics.active.began(method)
        guard let tracing = view.generation.tracing else { return }
        telemetry.trace = RequestTrace(
            requestID, incoming: claimedContext, isTrusted: isTrustedWithTraces(tracing), sampler: tracing.sampler,
            span: loop.nextSpan())
    }

    private var claimedContext: TraceContext? {
        guard head.firstField(.traceparent) != nil else { return nil }
        func values(of known: KnownField) -> [ArraySlice<UInt8>] {
            head.fields.filter { $0.known == known }.map { head.bytes[$0.valueRange] }
        }
        return TraceContext(traceparents: values(of: .traceparent), tracestates: values(of: .tracestate))
    }

    /// By what the handshake proved; a token is not looked at yet.
    private func isTrustedWithTraces(_ tracing: TracingPlan) -> Bool {
        guard !tracing.callers.isEmpty, let identity = session.identity else { return false }
        return identity.names.contains(where: tracing.callers.contains)
    }

    /// Counts, exports and logs. To be called once, at the end.
    func telemetryEnded() {
        endAttempt(record.reason)
        let now = NIODeadline.now()
        var entry = record.accessRecord(of: self, at: now)
        let trace = telemetry.trace
        entry.trace = trace?.trace
        entry.span = trace?.span
        let outcome = RequestOutcome(
            method: method, status: record.status, reason: record.reason, isHTTP2: head.version == .http2)
        let nanoseconds = UInt64(max(0, (now - record.started).nanoseconds))
        loop.metrics.active.ended(method)
        view.series(of: record.route).ended(outcome, nanoseconds: nanoseconds, exemplar: exemplar(nanoseconds, entry.time))
        if let trace, trace.isSampled { loop.telemetry.export(SpanRecord(entry, trace, telemetry.attempts)) }
        view.generation.accessLog.logger.record(entry, loop: loop.index)
    }

    private func exemplar(_ nanoseconds: UInt64, _ began: Int64) -> Exemplar? {
        guard let trace = telemetry.trace, trace.isSampled else { return nil }
        return Exemplar(
            trace: trace.trace, span: trace.span, nanoseconds: nanoseconds, time: began + Int64(clamping: nanoseconds))
    }

    // MARK: attempts

    func newAttempt(at target: Int) -> OpenAttempt {
        OpenAttempt(span: loop.nextSpan(), began: .now(), target: target)
    }

    /// The attempt that is under way is over; without effect when there is none.
    func endAttempt(_ reason: Reason?) {
        guard let attempt = telemetry.attempt.take() else { return }
        ended(attempt, attempt.status == 0 ? reason ?? .clientClosed : nil)
    }

    /// No target could be reached since then.
    func attemptFailed(_ attempt: OpenAttempt, _ reason: Reason) { ended(attempt, reason) }

    private func ended(_ attempt: OpenAttempt, _ reason: Reason?) {
        guard let pool else { return }
        let now = NIODeadline.now()
        let length = max(0, (now - attempt.began).nanoseconds)
        pool.series.ended(
            RequestOutcome(method: method, status: attempt.status, reason: reason), nanoseconds: UInt64(length))
        guard telemetry.trace?.isSampled == true, telemetry.attempts.count < SpanQueue.mostAttempts,
            pool.plan.targets.indices.contains(attempt.target)
        else { return }
        let target = pool.plan.targets[attempt.target].target
        let end = UnixTime.nanoseconds()
        telemetry.attempts.append(
            AttemptRecord(
                span: attempt.span, began: end - length, ended: end, url: target.url + forwardedPath,
                host: target.host, port: target.port, status: attempt.status, reason: reason))
    }

    /// As the target gets to see it, without the query.
    private var forwardedPath: String {
        var path = record.route?.addPrefix ?? []
        head.appendTarget(without: record.route?.stripPrefix ?? [], into: &path)
        return String(decoding: path.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
    }

    // MARK: what the target is told

    /// Of the attempt; or of the request itself, for copies of it.
    func writeTrace(under span: SpanID?, into lines: inout [UInt8]) {
        guard let trace = telemetry.trace else { return }
        TraceContext.write(
            trace.trace, span ?? trace.span, isSampled: trace.isSampled, state: trace.state, into: &lines)
    }

    /// What a client says of traces ends here where the gateway says it itself.
    var withheldTraceFields: [String] {
        guard telemetry.trace != nil, head.firstField(.traceparent) != nil || head.firstField(.tracestate) != nil else {
            return []
        }
        return ["traceparent", "tracestate"]
    }
}
