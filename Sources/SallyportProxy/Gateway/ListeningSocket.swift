import Glibc
import NIOCore
import NIOPosix

/// What is done to the descriptor of a listening socket that NIO holds. Everything here runs on the channel's loop, so
/// that the descriptor cannot be closed meanwhile.
enum ListeningSocket {
    /// A second descriptor of the same socket, closed in programs that this one starts.
    static func duplicate(_ channel: any Channel) async throws -> Int32 {
        try await withDescriptor(channel) { try Self.duplicate($0) }
    }

    static func duplicate(_ descriptor: Int32) throws -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw IOError(errnoCode: errno, reason: "fcntl") }
        return copy
    }

    /// NIO listens once more on a socket that it is given, with a queue of 128.
    static func restoreBacklog(_ channel: any Channel) async throws {
        try await withDescriptor(channel) { descriptor in
            guard listen(descriptor, Bounds.backlog) == 0 else { throw IOError(errnoCode: errno, reason: "listen") }
        }
    }

    /// Has the system drop the first packet of every further connection, silently, so that nothing is added to the
    /// queue while it is emptied. A client that is dropped so tries again a second later.
    static func takeNoMore(_ channel: any Channel) async throws {
        try await withDescriptor(channel) { descriptor in
            // Byte 13 of a TCP header has the flags; 2 is SYN.
            var program = [
                FilterStep(code: 0x30, yes: 0, no: 0, value: 13), FilterStep(code: 0x45, yes: 0, no: 1, value: 2),
                FilterStep(code: 0x06, yes: 0, no: 0, value: 0), FilterStep(code: 0x06, yes: 0, no: 0, value: .max),
            ]
            let result = program.withUnsafeMutableBufferPointer { steps in
                var filter = FilterProgram(count: UInt16(steps.count), steps: steps.baseAddress)
                return setsockopt(
                    descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, socklen_t(MemoryLayout<FilterProgram>.size))
            }
            guard result == 0 else { throw IOError(errnoCode: errno, reason: "setsockopt") }
        }
    }

    /// How many connections wait to be accepted (`tcpi_unacked` of a listening socket).
    static func queued(_ channel: any Channel) async throws -> Int {
        try await withDescriptor(channel) { descriptor in
            var information = [UInt32](repeating: 0, count: 26)
            var length = socklen_t(information.count * MemoryLayout<UInt32>.size)
            guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &information, &length) == 0 else {
                throw IOError(errnoCode: errno, reason: "getsockopt")
            }
            return Int(information[6])
        }
    }

    private static func withDescriptor<Value: Sendable>(
        _ channel: any Channel, _ work: @escaping @Sendable (Int32) throws -> Value
    ) async throws -> Value {
        try await channel.eventLoop.submit {
            guard
                let value = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                    of: NIOBSDSocket.Handle.self, { try work($0) })
            else { throw ChannelError.operationUnsupported }
            return value
        }.get()
    }

    /// `struct sock_filter` of Linux.
    private struct FilterStep {
        var code: UInt16
        var yes: UInt8
        var no: UInt8
        var value: UInt32
    }

    /// `struct sock_fprog` of Linux.
    private struct FilterProgram {
        var count: UInt16
        var steps: UnsafeMutablePointer<FilterStep>?
    }
}
