import NIOCore
import Testing

@testable import SallyportProxy

@Suite struct PeerSilenceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func asksOnceAndThenKnows() {
        var silence = PeerSilence(now: start)
        let asked = start + HTTP2UpstreamSettings.silence
        #expect(silence.nextLook == asked)
        let findings = [
            silence.look(at: asked - .nanoseconds(1)), silence.look(at: asked), silence.look(at: asked),
            silence.look(at: asked + HTTP2UpstreamSettings.answer - .nanoseconds(1)),
            silence.look(at: asked + HTTP2UpstreamSettings.answer),
        ]
        #expect(findings == [.alive, .ask, .alive, .alive, .dead])
    }

    @Test func whatIsHeardBeginsItAnew() {
        var silence = PeerSilence(now: start)
        let asked = start + HTTP2UpstreamSettings.silence
        let first = silence.look(at: asked)
        silence.heard(at: asked + .seconds(9))
        let later = silence.look(at: asked + .seconds(38))
        #expect(first == .ask && later == .alive)
        #expect(silence.nextLook == asked + .seconds(9) + HTTP2UpstreamSettings.silence)
    }

    /// A connection that nobody used for long is asked as soon as somebody does.
    @Test func aLookThatIsLateAsksAtOnce() {
        var silence = PeerSilence(now: start)
        let finding = silence.look(at: start + .hours(1))
        #expect(finding == .ask && silence.nextLook == start + .hours(1) + HTTP2UpstreamSettings.answer)
    }
}
