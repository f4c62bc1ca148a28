import NIOCore
import SallyportBalance

/// A stream to one endpoint, on loan to an exchange, with what has to be said about it when it comes back.
struct UpstreamLease {
    let stream: any UpstreamStream
    let record: EndpointRecord
    /// Its connection has served another request before, and may have been closed by the other side since.
    let isReused: Bool
    let began = NIODeadline.now()

    init(stream: any UpstreamStream, record: EndpointRecord, isReused: Bool) {
        self.stream = stream
        self.record = record
        self.isReused = isReused
        record.began()
    }

    /// To be called once.
    func end(keep: Bool) {
        record.ended()
        stream.release(keep: keep)
    }

    /// The stream is gone already. To be called instead of `end`.
    func lost() { record.ended() }
}
