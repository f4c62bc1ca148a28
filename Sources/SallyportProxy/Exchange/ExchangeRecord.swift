import NIOCore
import SallyportAccess
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportTelemetry

/// What the access log will say about an exchange, gathered on the way.
struct ExchangeRecord {
    let started: NIODeadline
    var status: UInt16 = 0
    var reason: Reason?
    var requestBytes = 0
    var responseBytes = 0
    var route: CompiledRoute?
    var upstreamDuration = TimeAmount.zero

    func accessRecord(of exchange: Exchange, at now: NIODeadline) -> AccessRecord {
        let head = exchange.head
        let duration = now - started
        return AccessRecord(
            time: UnixTime.nanoseconds() - duration.nanoseconds, duration: duration.microseconds32,
            connection: exchange.session.accessConnection, head: head.bytes, method: head.method.narrowed,
            path: head.path.narrowed, hasQuery: head.query != nil, host: head.host, status: status, reason: reason,
            requestBytes: UInt64(requestBytes), responseBytes: UInt64(responseBytes), route: route?.route.name,
            upstream: route?.route.upstream, upstreamDuration: upstreamDuration.microseconds32, id: exchange.requestID,
            generation: exchange.generationNumber, caller: exchange.caller.credentialName)
    }
}

extension TimeAmount {
    /// Whole microseconds; more than 71 minutes are shown as 71 minutes.
    var microseconds32: UInt32 { UInt32(clamping: nanoseconds / 1000) }
}

extension Range<Int> {
    var narrowed: Range<UInt32> { UInt32(lowerBound)..<UInt32(upperBound) }
}
