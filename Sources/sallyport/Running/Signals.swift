// Dispatch sources may be cancelled from any thread; their declarations do not say so.
@preconcurrency import Dispatch
import Glibc

/// Signals as values in order of arrival.
enum ProcessSignal: Sendable {
    /// SIGHUP.
    case reload
    /// SIGTERM or SIGINT.
    case stop
}

enum Signals {
    /// From this call on the signals no longer act by themselves; they arrive in the stream.
    static func stream() -> AsyncStream<ProcessSignal> {
        // Whoever reads our output may go away; that ends a write, not the gateway.
        signal(SIGPIPE, SIG_IGN)
        return AsyncStream { continuation in
            let meanings: [(Int32, ProcessSignal)] = [(SIGHUP, .reload), (SIGTERM, .stop), (SIGINT, .stop)]
            let sources = meanings.map { number, meaning in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(meaning) }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in
                for source in sources { source.cancel() }
            }
        }
    }
}
