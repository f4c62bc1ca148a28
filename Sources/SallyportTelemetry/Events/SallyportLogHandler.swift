import Logging
import SallyportModel

/// swift-log's way into the sink: everything the gateway says besides the access log.
///
/// A message is constant text; what varies is metadata. Values under names that speak of secrets are not written,
/// whoever logs them.
package struct SallyportLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let sink: LogSink
    private let format: LogFormat

    package init(label: String, sink: LogSink, format: LogFormat, level: Logger.Level = .info) {
        self.label = label
        self.sink = sink
        self.format = format
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = LineBuffer(capacity: 512)
        line.append(
            EventLine(
                time: UnixTime.nanoseconds(), level: event.level, label: label, message: event.message.description,
                fields: fields(of: event)),
            format: format)
        sink.write(line: line.bytes)
    }

    /// Everything known about the event by name; what the call says wins over the logger's own, and that over the
    /// provider's.
    private func fields(of event: LogEvent) -> [(name: String, value: Logger.Metadata.Value)] {
        var all = metadataProvider?.get() ?? [:]
        all.merge(metadata) { $1 }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = .string("\(error)") }
        return all.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }
}
