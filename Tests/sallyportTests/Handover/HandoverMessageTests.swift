import Foundation
import Glibc
import SallyportConfig
import SallyportProxy
import Testing

@testable import sallyport

@Suite struct HandoverMessageTests {
    private let sockets = [
        InheritedSocket(
            descriptor: 7, listener: "main", address: SocketAddressText(host: "", port: 443), origin: .predecessor),
        InheritedSocket(
            descriptor: 8, listener: "other", address: SocketAddressText(host: "::1", port: 80), origin: .serviceManager
        ),
    ]

    @Test func thereAndBack() throws {
        let bytes = try HandoverMessage(sockets).encoded()
        #expect(try HandoverMessage.length(Array(bytes.prefix(4))) == bytes.count - 4)
        #expect(try HandoverMessage(text: Array(bytes.dropFirst(4))).inherited([7, 8]) == sockets)
    }

    @Test(arguments: [
        [], [0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 16, 0, 1], [255, 255, 255, 255], [0, 0, 0, 2, 0],
    ])
    func lengthsThatAreNone(head: [UInt8]) {
        #expect(throws: HandoverFailure.self) { try HandoverMessage.length(head) }
    }

    @Test(arguments: [
        "", "{}", "[]", "{\"version\":1}", "{\"version\":2,\"sockets\":[]}", "{\"version\":1,\"sockets\":[{}]}",
        "{\"version\":1,\"sockets\":[{\"listener\":\"a\",\"host\":\"\",\"port\":65536,\"isManaged\":false}]}",
        "{\"version\":1,\"sockets\":[{\"listener\":\"a\",\"host\":\"\",\"port\":-1,\"isManaged\":false}]}",
    ])
    func messagesThatAreNotUnderstood(text: String) {
        #expect(throws: HandoverFailure.self) { try HandoverMessage(text: Array(text.utf8)) }
    }

    /// Bytes of a good message, damaged: each is refused or understood, and nothing else happens.
    @Test func damagedMessages() throws {
        let good = Array(try HandoverMessage(sockets).encoded().dropFirst(4))
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var bad = good
            bad[Int.random(in: bad.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            if Bool.random(using: &random) { bad = Array(bad.prefix(Int.random(in: 0..<bad.count, using: &random))) }
            do throws(HandoverFailure) { _ = try HandoverMessage(text: bad) } catch {
                if case .malformed = error { continue }
                Issue.record("\(error)")
            }
        }
    }
}

@Suite struct DescriptorChannelTests {
    private static func pair() -> (DescriptorChannel, DescriptorChannel, raw: Int32) {
        var ends: [Int32] = [-1, -1]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        let copy = dup(ends[0])
        return (
            DescriptorChannel(taking: ends[0], limit: .seconds(1)),
            DescriptorChannel(taking: ends[1], limit: .seconds(1)),
            copy
        )
    }

    @Test(arguments: [1, 2, 64]) func descriptorsArriveAsTheSameFiles(count: Int) throws {
        let (from, to, raw) = Self.pair()
        defer { close(raw) }
        let files = (0..<count).map { _ in unnamedFile() }
        try from.send(descriptors: files)
        try from.send([1, 2, 3])
        let received = try to.receive(descriptors: count)
        #expect(try to.receive(3) == [1, 2, 3])
        for (sent, received) in zip(files, received) {
            #expect(Self.file(sent) == Self.file(received) && sent != received)
            #expect(fcntl(received, F_GETFD) & FD_CLOEXEC != 0)
            close(sent)
            close(received)
        }
    }

    @Test func tooFewOrTooManyAreRefusedAndClosed() throws {
        for (sent, expected) in [(1, 2), (2, 1), (64, 1), (3, 64)] {
            let (from, to, raw) = Self.pair()
            defer { close(raw) }
            let files = (0..<sent).map { _ in unnamedFile() }
            try from.send(descriptors: files)
            #expect(throws: HandoverFailure.self) { try to.receive(descriptors: expected) }
            #expect(Self.descriptors(of: files) == sent)
            for file in files { close(file) }
        }
    }

    @Test func bytesWithoutDescriptorsAreRefused() throws {
        let (from, to, raw) = Self.pair()
        defer { close(raw) }
        try from.send([1])
        #expect(throws: HandoverFailure.self) { try to.receive(descriptors: 1) }
    }

    @Test func anEndIsSeen() throws {
        var (from, to, raw): (DescriptorChannel?, DescriptorChannel, Int32) = Self.pair()
        close(raw)
        withExtendedLifetime(from) {}
        from = nil
        #expect(throws: HandoverFailure.ended) { try to.receive(1) }
        #expect(throws: HandoverFailure.ended) { try to.receive(descriptors: 1) }
        #expect(throws: HandoverFailure.self) { try to.send([1]) }
    }

    @Test func silenceEnds() throws {
        let (from, to, raw) = Self.pair()
        defer { close(raw) }
        #expect(throws: HandoverFailure.self) { try to.receive(1) }
        withExtendedLifetime(from) {}
    }

    /// A file of its own without a name.
    private func unnamedFile() -> Int32 {
        var path = Array("/tmp/sp-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        unlink(path)
        return descriptor
    }

    private static func file(_ descriptor: Int32) -> UInt {
        var status = stat()
        fstat(descriptor, &status)
        return UInt(status.st_ino)
    }

    /// How many descriptors of this process lead to these files. Other tests open theirs meanwhile.
    private static func descriptors(of files: [Int32]) -> Int {
        let known = Set(files.map(file))
        do {
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
            return open.count { known.contains(file($0)) }
        } catch { return 0 }
    }
}
