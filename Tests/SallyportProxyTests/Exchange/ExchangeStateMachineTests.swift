import Testing

@testable import SallyportProxy

@Suite struct ExchangeStateMachineTests {
    private func get(keepAlive: Bool = true) -> ExchangeStateMachine {
        ExchangeStateMachine(isIdempotent: true, hasBody: false, clientKeepsAlive: keepAlive)
    }

    @Test func aPlainExchangeKeepsBothConnections() {
        var machine = get()
        #expect(machine.upstreamAttached())
        machine.responseHead()
        let end = machine.responseEnded(upstreamKeepsAlive: true, clientWasToldToClose: false)
        #expect(end == .init(keepClient: true, keepUpstream: true))
        #expect(machine.isFinished)
    }

    @Test func anAnswerBeforeTheRequestIsWholeEndsBothConnections() {
        var machine = ExchangeStateMachine(isIdempotent: false, hasBody: true, clientKeepsAlive: true)
        #expect(machine.upstreamAttached())
        #expect(machine.clientMustClose)
        machine.responseHead()
        let end = machine.responseEnded(upstreamKeepsAlive: true, clientWasToldToClose: true)
        #expect(end == .init(keepClient: false, keepUpstream: false))
    }

    @Test func aRequestThatIsWholeInTheMeantimeFreesTheUpstreamOnly() {
        var machine = ExchangeStateMachine(isIdempotent: false, hasBody: true, clientKeepsAlive: true)
        #expect(machine.upstreamAttached())
        machine.responseHead()
        machine.requestEnded()
        let end = machine.responseEnded(upstreamKeepsAlive: true, clientWasToldToClose: true)
        #expect(end == .init(keepClient: false, keepUpstream: true))
    }

    @Test func aLostGetIsRepeatedTwiceAndThenAnswered() {
        var machine = get()
        for _ in 0..<2 {
            #expect(machine.upstreamAttached())
            #expect(machine.upstreamLost() == .retry)
        }
        #expect(machine.upstreamAttached())
        #expect(machine.upstreamLost() == .reply)
        #expect(machine.upstreamLost() == .ignore)
    }

    @Test(arguments: [(false, false), (true, true), (false, true)])
    func whatMayHaveHadAnEffectIsNeverRepeated(isIdempotent: Bool, hasBody: Bool) {
        var machine = ExchangeStateMachine(isIdempotent: isIdempotent, hasBody: hasBody, clientKeepsAlive: true)
        #expect(machine.upstreamAttached())
        #expect(machine.upstreamLost() == .reply)
    }

    @Test func aResponseThatHasBegunIsCutAndNeverRepeated() {
        var machine = get()
        #expect(machine.upstreamAttached())
        machine.responseHead()
        #expect(machine.upstreamLost() == .cut)
    }

    @Test func aDeadlineIsNeverRepeated() {
        var machine = get()
        #expect(machine.upstreamAttached())
        #expect(machine.abandon() == .reply)
    }

    @Test func aConnectionThatComesTooLateIsHandedBack() {
        var machine = get()
        #expect(machine.clientLost())
        #expect(!machine.upstreamAttached())
        #expect(!machine.clientLost())
    }
}
