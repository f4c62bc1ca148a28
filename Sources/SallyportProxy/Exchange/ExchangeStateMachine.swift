import SallyportModel

/// One request and its response, as decisions without sockets, bytes or clocks.
///
/// ```
///              upstreamAttached            responseHead              responseEnded
/// connecting ──────────────────▶ waiting ───────────────▶ responding ─────────────▶ finished
///     ▲                             │ upstreamLost, safe to repeat       │ upstreamLost: the client's
///     └─────────────────────────────┘                                    ▼ message is cut, never ended
///                                                                     finished
/// ```
/// With `tunnelOpened` in place of `responseHead` the exchange responds, too: both sides then send until one ends.
///
/// An event that arrives when the exchange is finished is dropped silently: the two connections fail independently,
/// and the second failure is no news. No other event can arrive in a state it doesn't belong to, because a response
/// is only parsed on an attached connection.
///
/// The rule for repeating a request (RFC 9110 §9.2.2, RFC 9112 §9.3.1): the method is idempotent or the upstream has
/// said that it did nothing, what was sent of the content is still there, and no byte of a final response has gone to
/// the client. It covers the keep-alive race and a server that was killed.
struct ExchangeStateMachine {
    private enum State {
        case connecting
        case waiting
        case responding
        case finished
    }

    private var state = State.connecting
    private(set) var requestIsComplete: Bool
    /// Both sides speak another protocol.
    private(set) var isTunnel = false
    /// The response began before the request was whole.
    private var isAnsweredEarly = false
    private let isIdempotent: Bool
    /// Whatever was sent of the content can be sent once more.
    private var contentIsKept: Bool
    private let clientKeepsAlive: Bool
    private(set) var attempts = 0
    /// The first attempt and two more, where nothing else is said.
    var mostAttempts = 3

    init(isIdempotent: Bool, hasBody: Bool, clientKeepsAlive: Bool) {
        requestIsComplete = !hasBody
        self.isIdempotent = isIdempotent
        contentIsKept = !hasBody
        self.clientKeepsAlive = clientKeepsAlive
    }

    var isFinished: Bool { if case .finished = state { true } else { false } }
    var hasUpstream: Bool {
        switch state {
        case .waiting, .responding: true
        case .connecting, .finished: false
        }
    }
    var awaitsResponseHead: Bool { if case .waiting = state { true } else { false } }
    var isResponding: Bool { if case .responding = state { true } else { false } }

    /// A connection to the upstream is ours. False: the exchange is over, and the connection can serve another.
    mutating func upstreamAttached() -> Bool {
        guard case .connecting = state else { return false }
        attempts += 1
        state = .waiting
        return true
    }

    /// Content is kept from its first byte on, or is not kept any more.
    mutating func contentKept(_ isKept: Bool) {
        contentIsKept = isKept
    }

    /// Whether the request may be sent once more, as far as method, content and count go.
    func isRepeatable(isUnprocessed: Bool = false) -> Bool {
        (isIdempotent || isUnprocessed) && contentIsKept && attempts < mostAttempts
    }

    /// The client's message is whole.
    mutating func requestEnded() {
        requestIsComplete = true
    }

    /// Whether the client's connection ends with this exchange: it asked for that, or it is still sending, and what
    /// it sends then can't be told from a next request.
    var clientMustClose: Bool { !clientKeepsAlive || !requestIsComplete }

    /// The head of the final response is there.
    mutating func responseHead() {
        isAnsweredEarly = !requestIsComplete
        state = .responding
    }

    /// The upstream agreed to the other protocol. Neither connection comes back to HTTP.
    mutating func tunnelOpened() {
        isTunnel = true
        state = .responding
    }

    struct Completion: Equatable {
        /// The client's connection can carry a next request.
        var keepClient: Bool
        /// The upstream's connection can.
        var keepUpstream: Bool
    }

    /// The response is whole. An upstream that began to answer before it had the whole request may not read the rest of it,
    /// and then takes it for the next one; it is never used again.
    mutating func responseEnded(upstreamKeepsAlive: Bool, clientWasToldToClose: Bool) -> Completion {
        state = .finished
        return Completion(
            keepClient: clientKeepsAlive && requestIsComplete && !clientWasToldToClose && !isTunnel,
            keepUpstream: upstreamKeepsAlive && requestIsComplete && !isAnsweredEarly && !isTunnel)
    }

    enum Loss: Equatable {
        /// Nothing happened yet that forbids it: ask for another connection.
        case retry
        case reply
        /// A part of the response is out; the client must see that it is not whole (RFC 9112 §8).
        case cut
        case ignore
    }

    /// The upstream answered with a status that is tried again elsewhere. True: ask for another connection.
    mutating func repeatInstead() -> Bool {
        guard case .waiting = state, isRepeatable() else { return false }
        state = .connecting
        return true
    }

    /// The connection to the upstream is gone, or none could be had.
    /// - Parameter isUnprocessed: the upstream has said that it did nothing of the request; then the method does not matter
    ///   (RFC 9113 §8.7).
    mutating func upstreamLost(canRepeat: Bool = true, isUnprocessed: Bool = false) -> Loss {
        switch state {
        case .finished:
            return .ignore
        case .responding:
            state = .finished
            return .cut
        case .waiting where canRepeat && isRepeatable(isUnprocessed: isUnprocessed):
            state = .connecting
            return .retry
        case .waiting, .connecting:
            state = .finished
            return .reply
        }
    }

    /// A deadline passed or the gateway gives up: like a loss that can't be repeated.
    mutating func abandon() -> Loss { upstreamLost(canRepeat: false) }

    /// The client is gone. True: somebody has to be told.
    mutating func clientLost() -> Bool {
        if case .finished = state { return false }
        state = .finished
        return true
    }
}
