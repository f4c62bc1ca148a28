import Testing

@testable import SallyportProxy

@Suite struct ExchangeStateMachineTests {
    private func get(keepAlive: Bool = true) -> ExchangeStateMachine {
        ExchangeStateMachine(isIdempotent: true, hasBody: false, clientKeepsAlive: keepAlive)
    }

    private func attach(_ machine: inout ExchangeStateMachine) {
        let isOurs = machine.upstreamAttached()
        #expect(isOurs)
    }

    @Test func aPlainExchangeKeepsBothConnections() {
        var machine = get()
        attach(&machine)
        machine.responseHead()
        let end = machine.responseEnded(upstreamKeepsAlive: true, clientWasToldToClose: false)
        #expect(end == .init(keepClient: true, keepUpstream: true))
        #expect(machine.isFinished)
    }

    @Test func anAnswerBeforeTheRequestIsWholeEndsBothConnections() {
        var machine = ExchangeStateMachine(isIdempotent: false, hasBody: true, clientKeepsAlive: true)
        attach(&machine)
        #expect(machine.clientMustClose)
        machine.responseHead()
        let end = machine.responseEnded(upstreamKeepsAlive: true, clientWasToldToClose: true)
        #expect(end == .init(keepClient: false, keepUpstream: false))
    }

    @Test func anUpstreamThatAnsweredEarlyIsNotUsedAgain() {
        var machine = ExchangeStateMachine(isIdempotent: false, hasBody: true, clientKeepsAlive: true)
        attach(&machine)
        machine.responseHead()
        machine.requestEnded()
        let end = machine.responseEnded(upstreamKeepsAlive: true, clientWasToldToClose: true)
        #expect(end == .init(keepClient: false, keepUpstream: false))
    }

    @Test func aLostGetIsRepeatedTwiceAndThenAnswered() {
        var machine = get()
        for _ in 0..<2 {
            attach(&machine)
            let loss = machine.upstreamLost()
            #expect(loss == .retry)
        }
        attach(&machine)
        let loss = machine.upstreamLost()
        #expect(loss == .reply)
        let again = machine.upstreamLost()
        #expect(again == .ignore)
    }

    @Test(arguments: [(false, false), (true, true), (false, true)])
    func whatMayHaveHadAnEffectIsNeverRepeated(isIdempotent: Bool, hasBody: Bool) {
        var machine = ExchangeStateMachine(isIdempotent: isIdempotent, hasBody: hasBody, clientKeepsAlive: true)
        attach(&machine)
        let loss = machine.upstreamLost()
        #expect(loss == .reply)
    }

    @Test func contentThatIsKeptCanBeSentAgain() {
        var machine = ExchangeStateMachine(isIdempotent: true, hasBody: true, clientKeepsAlive: true)
        machine.contentKept(true)
        attach(&machine)
        let kept = machine.upstreamLost()
        #expect(kept == .retry)
        attach(&machine)
        machine.contentKept(false)
        let lost = machine.upstreamLost()
        #expect(lost == .reply)
    }

    /// REFUSED_STREAM, or GOAWAY below the stream: the method doesn't matter (RFC 9113 §8.7).
    @Test func whatTheUpstreamDidNothingOfCanBeSentAgain() {
        var machine = ExchangeStateMachine(isIdempotent: false, hasBody: false, clientKeepsAlive: true)
        attach(&machine)
        let loss = machine.upstreamLost(isUnprocessed: true)
        #expect(loss == .retry)
        attach(&machine)
        let again = machine.repeatInstead()
        #expect(!again, "an answer shows that it was processed")
    }

    @Test func anAnswerIsReplacedOnlyBeforeItIsPassedOn() {
        var machine = get()
        attach(&machine)
        let early = machine.repeatInstead()
        #expect(early)
        attach(&machine)
        machine.responseHead()
        let late = machine.repeatInstead()
        #expect(!late)
    }

    @Test func aResponseThatHasBegunIsCutAndNeverRepeated() {
        var machine = get()
        attach(&machine)
        machine.responseHead()
        let loss = machine.upstreamLost()
        #expect(loss == .cut)
    }

    @Test func aDeadlineIsNeverRepeated() {
        var machine = get()
        attach(&machine)
        let loss = machine.abandon()
        #expect(loss == .reply)
    }

    @Test func aConnectionThatComesTooLateIsHandedBack() {
        var machine = get()
        let isFirstNews = machine.clientLost()
        #expect(isFirstNews)
        let isOurs = machine.upstreamAttached()
        #expect(!isOurs)
        let isNewsAgain = machine.clientLost()
        #expect(!isNewsAgain)
    }
}
