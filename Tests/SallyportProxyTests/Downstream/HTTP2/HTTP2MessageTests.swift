import NIOCore
import SallyportHTTP
import SallyportModel
import Testing

@testable import SallyportProxy

/// For conditions that change what they ask.
private func check(_ condition: Bool, _ words: Comment? = nil, at place: SourceLocation = #_sourceLocation) {
    #expect(condition, words, sourceLocation: place)
}

/// What a stream holds of its request.
@Suite struct HTTP2InboundContentTests {
    private func content(_ framing: BodyFraming, limit: UInt64? = 1000) -> HTTP2InboundContent {
        HTTP2InboundContent(framing, isEnded: false, limit: limit)
    }

    @Test func holdsToTheAnnouncedLength() {
        var exact = content(.length(5))
        check(exact.count(3, ends: false) == nil && exact.count(2, ends: true) == nil && exact.isEnded)
        var long = content(.length(5))
        check(long.count(6, ends: false) == .http2LengthMismatch)
        var short = content(.length(5))
        check(short.count(4, ends: true) == .http2LengthMismatch)
        var trailing = content(.length(5))
        check(trailing.end(with: nil) == .http2LengthMismatch)
    }

    @Test func boundsWhatWasNotAnnounced() {
        var unknown = content(.chunked, limit: 10)
        check(unknown.count(10, ends: false) == nil && unknown.count(1, ends: false) == .bodyTooLarge)
        var tunnel = content(.none, limit: nil)
        check(tunnel.count(1 << 40, ends: false) == nil)
    }

    /// A byte at a time costs no buffer for each of them.
    @Test func putsSmallPiecesTogether() {
        var many = content(.chunked, limit: 1 << 20)
        for _ in 0..<10_000 { many.hold(ByteBuffer(bytes: [7])) }
        check(many.held == 10_000)
        var pieces = 0
        while let piece = many.take() {
            pieces += 1
            check(piece.readableBytesView.allSatisfy { $0 == 7 })
        }
        check(pieces <= 2 && many.held == 0)
    }

    @Test func keepsTheOrder() {
        var mixed = content(.chunked, limit: 1 << 20)
        var expected: [UInt8] = []
        for size in [1, 9000, 3, 0, 20_000, 5] {
            let bytes = [UInt8](repeating: UInt8(size & 255), count: size)
            expected += bytes
            mixed.hold(ByteBuffer(bytes: bytes))
        }
        var found: [UInt8] = []
        while let piece = mixed.take() { found += Array(piece.readableBytesView) }
        check(found == expected)
    }
}

/// What a stream holds of its response.
@Suite struct HTTP2OutboundMessageTests {
    private func sizes(_ message: inout HTTP2OutboundMessage, room: Int) -> [Int] {
        var found: [Int] = []
        while case .frame(_, let bytes, let ends) = message.next(room: room) { found.append(ends ? -bytes - 1 : bytes) }
        return found
    }

    @Test func endsWithTheHeadWhenThereIsNothingElse() {
        var message = HTTP2OutboundMessage()
        message.begin([":status": "204"], promised: 0)
        check(message.end(nil))
        check(sizes(&message, room: 100) == [-1] && message.isDone && !message.hasPending)
    }

    @Test func endsWithTheLastContent() {
        var message = HTTP2OutboundMessage()
        message.begin([":status": "200"], promised: 250)
        check(message.add(ByteBuffer(repeating: 1, count: 200)) && message.add(ByteBuffer(repeating: 2, count: 50)))
        check(message.end(nil))
        check(sizes(&message, room: 100) == [0, 100, 100, -51])
    }

    @Test func endsWithTrailers() {
        var message = HTTP2OutboundMessage()
        message.begin([":status": "200"], promised: nil)
        check(message.add(ByteBuffer(repeating: 1, count: 10)) && message.end(["x-sum": "1"]))
        check(sizes(&message, room: 100) == [0, 10, -1])
    }

    @Test func keepsWhatWasPromised() {
        var message = HTTP2OutboundMessage()
        check(!message.add(ByteBuffer(bytes: [1])), "no head yet")
        message.begin([":status": "200"], promised: 3)
        check(!message.add(ByteBuffer(repeating: 1, count: 4)))
        check(message.add(ByteBuffer(repeating: 1, count: 2)))
        check(!message.end(nil), "less than promised")
    }

    @Test func waitsForRoom() {
        var message = HTTP2OutboundMessage()
        message.begin([":status": "200"], promised: nil)
        check(message.add(ByteBuffer(repeating: 1, count: 10)))
        check(sizes(&message, room: 0) == [0] && message.hasPending)
        guard case .needsWindow = message.next(room: 0) else {
            Issue.record("nothing waits")
            return
        }
        check(sizes(&message, room: 4) == [4, 4, 2] && !message.hasPending)
    }

    @Test func windowsOfTheConnectionOpenInSteps() {
        var window = HTTP2ConnectionWindow()
        check(window.increment(received: 0, held: 0) == HTTP2ServerSettings.connectionWindow - 65535)
        check(window.increment(received: 1000, held: 0) == nil)
        check(window.increment(received: 400_000, held: 300_000) == nil, "what is held is not given back")
        check(window.increment(received: 400_000, held: 0) == 400_000)
    }
}
