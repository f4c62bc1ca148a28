import Logging
import NIOCore

/// A worker thread's loop with its state, to be passed between threads; the state is touched on the loop only.
struct Worker: Sendable {
    let eventLoop: any EventLoop
    let state: NIOLoopBound<LoopState>
    let counters: LoopCounters
    let edge: EdgeState

    /// To be called on the loop.
    ///
    /// - Parameter handshakes: How many may be under way at a time.
    init(
        on eventLoop: any EventLoop, index: Int, logger: Logger, generation: Generation, handshakes: Int, edge: EdgeState,
        telemetry: GatewayTelemetry
    ) {
        self.eventLoop = eventLoop
        counters = LoopCounters()
        self.edge = edge
        let state = LoopState(
            eventLoop: eventLoop, index: index, counters: counters, logger: logger, generation: generation,
            handshakes: handshakes, edge: edge, telemetry: telemetry)
        let bound = NIOLoopBound(state, eventLoop: eventLoop)
        self.state = bound
        eventLoop.scheduleRepeatedTask(initialDelay: Timeouts.sweep, delay: Timeouts.sweep) { _ in
            bound.value.turn()
        }
    }

    /// Reads something of the loop's state, on the loop.
    func read<Value: Sendable>(_ work: @escaping @Sendable (LoopState) -> Value) async -> Value {
        await withCheckedContinuation { (continuation: CheckedContinuation<Value, Never>) in
            eventLoop.execute { continuation.resume(returning: work(state.value)) }
        }
    }

    /// Runs on the loop and returns when it is done.
    func run(_ work: @escaping @Sendable (LoopState) -> Void) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            eventLoop.execute {
                work(state.value)
                continuation.resume()
            }
        }
    }
}
