import Testing

@testable import SallyportTLS

@Suite struct HandshakeRecorderTests {
    @Test func timesCountFromTheAcceptedConnection() {
        var recorder = HandshakeRecorder(acceptedAt: 5_000_000)
        recorder.helloReceived(ClientHello(), at: 5_400_000)
        recorder.refused(at: 8_000_000)
        #expect(recorder.microseconds(of: .accepted) == 0)
        #expect(recorder.microseconds(of: .hello) == 400)
        #expect(recorder.microseconds(of: .chain) == nil)
        #expect(recorder.microseconds(of: .ended) == 3000)
    }

    @Test func theFirstTimeOfAStepCounts() {
        var recorder = HandshakeRecorder(acceptedAt: 0)
        recorder.helloReceived(ClientHello(), at: 1_000_000)
        recorder.helloReceived(ClientHello(), at: 2_000_000)
        #expect(recorder.microseconds(of: .hello) == 1000)
    }

    /// A clock that stands, goes back, or has run for ever must not end the process.
    @Test(arguments: [(10, 0, 0), (0, UInt64.max, UInt32.max - 1), (7, 7, 0)] as [(UInt64, UInt64, UInt32)])
    func clocksMayMisbehave(start: UInt64, end: UInt64, microseconds: UInt32) {
        var recorder = HandshakeRecorder(acceptedAt: start)
        recorder.refused(at: end)
        #expect(recorder.microseconds(of: .ended) == microseconds)
    }
}
