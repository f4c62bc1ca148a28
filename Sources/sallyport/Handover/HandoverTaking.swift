import Dispatch
import Glibc
import SallyportConfig
import SallyportPKI
import SallyportProxy

/// The new process's side of a hand-over.
final class HandoverTaking: Sendable {
    private let channel: DescriptorChannel
    let sockets: [InheritedSocket]
    /// The lock of the state directory: the same open file that the running gateway holds, so that it is held without
    /// a gap, and by nobody else, however either process ends.
    let lock: Int32

    /// For each step of the running gateway.
    private static let limit = Duration.seconds(20)

    /// Asks the gateway that runs on a state directory for everything that it listens on.
    init(from state: StateDirectory) throws(CommandFailure) {
        let socket = try AdminClient(state: state).connect()
        let channel = DescriptorChannel(taking: socket, limit: Self.limit)
        do throws(HandoverFailure) {
            try channel.send(Array("{\"command\":\"handover\"}\n".utf8))
            let length = try HandoverMessage.length(try channel.receive(4))
            let message = try HandoverMessage(text: try channel.receive(length))
            let descriptors = try Self.descriptors(message.sockets.count + 1, from: channel)
            lock = descriptors[0]
            sockets = message.inherited(Array(descriptors.dropFirst()))
        } catch {
            throw CommandFailure(error)
        }
        self.channel = channel
        try check(state)
    }

    private static func descriptors(
        _ count: Int, from channel: DescriptorChannel
    ) throws(HandoverFailure) -> [Int32] {
        var descriptors: [Int32] = []
        while descriptors.count < count {
            descriptors += try channel.receive(
                descriptors: min(count - descriptors.count, DescriptorChannel.mostPerMessage))
        }
        return descriptors
    }

    private func check(_ state: StateDirectory) throws(CommandFailure) {
        guard InstanceLock.isLock(lock, of: state) else {
            throw CommandFailure(HandoverFailure.malformed("another file than the lock of \(state.path)"))
        }
        for socket in sockets where !ListeningDescriptor.isListening(socket.descriptor) {
            throw CommandFailure(
                HandoverFailure.malformed("something that is no listening socket for \(socket.listener ?? "")"))
        }
    }

    // MARK: steps

    /// Everything is built. Returns when the running gateway agrees; from then on this process serves.
    func ready() async throws(CommandFailure) {
        let answer = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                continuation.resume(
                    returning: Result { () throws(HandoverFailure) in
                        try channel.send(.ready)
                        try channel.expect(.go)
                    })
            }
        }
        do throws(HandoverFailure) { try answer.get() } catch { throw CommandFailure(error) }
    }

    /// What the other process makes of it is its own affair: this one serves.
    func say(_ step: HandoverMessage.Step) {
        do throws(HandoverFailure) { try channel.send(step) } catch {
            Terminal.note("the gateway that ran before did not hear \(step): \(error)")
        }
    }
}

extension CommandFailure {
    init(_ failure: HandoverFailure) {
        self.init(.failed, "SP9014: no hand-over: \(failure)", fix: "the running gateway goes on; see its log")
    }
}
