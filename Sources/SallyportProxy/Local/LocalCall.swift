import NIOCore
import SallyportHTTP
import SallyportModel

/// One request to a service of the gateway: gathers the content, then runs the service and hands back its answer once.
///
/// It lives on the event loop of its exchange; only the service runs elsewhere.
final class LocalCall {
    /// A service gets this long.
    static let deadline = TimeAmount.seconds(30)
    /// Calls of one event loop that services work on, at most.
    static let most = 64
    /// Calls of one event loop whose content is awaited, at most; the oldest gives way.
    static let mostGathering = 64

    enum State {
        case gathering
        case running(since: NIODeadline)
        case over
    }

    private let mount: LocalMount
    private(set) var state = State.gathering
    private var body: [UInt8] = []
    private var task: Task<Void, Never>?
    /// While the content is awaited.
    var ticket: BoundedWait<Exchange>.Ticket?

    init(_ mount: LocalMount) { self.mount = mount }

    var isGathering: Bool { if case .gathering = state { true } else { false } }

    func isLate(_ now: NIODeadline) -> Bool {
        if case .running(let since) = state { now - since > Self.deadline } else { false }
    }

    /// Whether content of this length can be taken.
    func admits(_ framing: BodyFraming) -> Bool {
        if case .length(let length) = framing { length <= UInt64(mount.service.mostContent) } else { true }
    }

    /// False when it is too much.
    func take(_ piece: ByteBuffer) -> Bool {
        guard body.count + piece.readableBytes <= mount.service.mostContent else { return false }
        body.append(contentsOf: piece.readableBytesView)
        return true
    }

    /// The request is whole.
    /// - Parameter answered: on the event loop, once, unless the call is cancelled before.
    func run(
        _ head: RequestHead, _ identity: Identity?, on loop: LoopState,
        answered: @escaping (LocalAnswer) -> Void
    ) {
        guard case .gathering = state else { return }
        state = .running(since: .now())
        let request = LocalRequest(
            method: head.methodKind, path: mount.rest, mount: mount.path, authority: head.text(head.authority),
            contentType: head.single("content-type"), authorization: head.single("authorization"), identity: identity,
            body: body)
        body = []
        let service = mount.service
        loop.localCalls += 1
        let eventLoop = loop.eventLoop
        let callback = NIOLoopBound((self, loop, answered), eventLoop: eventLoop)
        task = Task {
            let answer = await service.answer(request)
            eventLoop.execute {
                let (call, loop, answered) = callback.value
                loop.localCalls -= 1
                guard case .running = call.state else { return }
                call.state = .over
                answered(answer)
            }
        }
    }

    /// Nobody waits for the answer any more. What the service has begun to write it writes to the end.
    func cancel() {
        state = .over
        task?.cancel()
    }
}

extension RequestHead {
    /// The value of a field that stands there exactly once.
    fileprivate func single(_ name: String) -> String? {
        let values = values(of: name)
        return values.count == 1 ? values[0] : nil
    }
}
