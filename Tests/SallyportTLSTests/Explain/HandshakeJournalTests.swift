import SallyportModel
import SallyportPKI
import Synchronization
import Testing

@testable import SallyportTLS

@Suite struct HandshakeJournalTests {
    private static func refusal(
        _ reason: Reason, chain: [[UInt8]] = [], hello: HelloBytes? = nil
    ) throws -> HandshakeRefusal {
        var recorder = HandshakeRecorder(acceptedAt: 0)
        if let hello { recorder.helloReceived(try ClientHello(message: hello.message), at: 1) }
        if !chain.isEmpty { recorder.received(chain: chain, at: 2) }
        return HandshakeRefusal(
            reason: reason, detail: "why", peer: "192.0.2.7:1", listener: "main", fix: "do", record: recorder)
    }

    @Test func whatWasRefusedIsFoundByItsName() throws {
        let journal = HandshakeJournal()
        let refusal = try Self.refusal(.certificateExpired)
        journal.add(refusal, time: 7)
        let connection = try #require(refusal.record?.connection)
        let (handshake, verdict) = try #require(journal.handshake(connection))
        #expect(handshake.reason == .certificateExpired)
        #expect(handshake.time == 7)
        #expect(verdict == nil)
        #expect(journal.handshake(.next()) == nil)
    }

    @Test func everythingIsCountedAndProbesAreNotKept() throws {
        let journal = HandshakeJournal(entries: 4)
        for _ in 0..<10 { journal.add(try Self.refusal(.closedSilently), time: 0) }
        for _ in 0..<3 { journal.add(try Self.refusal(.notTLS), time: 0) }
        #expect(journal.counts.map(\.reason) == [.closedSilently, .notTLS])
        #expect(journal.counts.map(\.count) == [10, 3])
        #expect(journal.connections.count == 3)
    }

    @Test func aFloodOfOneKindDoesNotPushOutTheRest() throws {
        let journal = HandshakeJournal(entries: 16)
        let rare = try Self.refusal(.certificateExpired)
        journal.add(rare, time: 0)
        for _ in 0..<1000 { journal.add(try Self.refusal(.notTLS), time: 0) }
        #expect(journal.connections.count == 16)
        #expect(journal.handshake(try #require(rare.record?.connection)) != nil)
    }

    @Test func theOldestOfItsKindGoesFirst() throws {
        let journal = HandshakeJournal(entries: 3)
        let refusals = try (0..<5).map { _ in try Self.refusal(.notTLS) }
        for refusal in refusals { journal.add(refusal, time: 0) }
        #expect(journal.connections == refusals.suffix(3).reversed().compactMap { $0.record?.connection })
    }

    /// Chains as large as the TLS library takes, and a ClientHello full of names of one byte.
    @Test func memoryIsBoundedInBytes() throws {
        let journal = HandshakeJournal(entries: 256, bytes: 1 << 20)
        let chain = [[UInt8]](repeating: [UInt8](repeating: 0x30, count: 8 << 10), count: 9)
        let names = (0..<4000).map { _ in "a" }
        let hello = HelloBytes().with(16, HelloBytes.alpn(names))
        for _ in 0..<64 { journal.add(try Self.refusal(.certificateMalformed, chain: chain, hello: hello), time: 0) }
        #expect(journal.bytes <= 1 << 20)
        #expect(journal.connections.count == 13)
        let kept = try #require(journal.connections.first.flatMap(journal.handshake))
        #expect(kept.0.record.hello?.alpn.count == 16)
        #expect(kept.0.record.ja4?.isEmpty == false)
    }

    @Test func whatIsTooLargeByItselfIsOnlyCounted() throws {
        let journal = HandshakeJournal(entries: 4, bytes: 16 << 10)
        journal.add(try Self.refusal(.certificateMalformed, chain: [[UInt8](repeating: 0, count: 8 << 10)]), time: 0)
        #expect(journal.connections.isEmpty)
        #expect(journal.counts.map(\.count) == [1])
    }

    @Test func aTreeIsMadeOnceAndOnlyWhenAskedFor() throws {
        let journal = HandshakeJournal()
        let chain = try FixedChain()
        let presented = try chain.presented
        let verifier = ChainVerifier(
            anchors: [TrustAnchor(authority: "clients", certificate: try ParsedCertificate(der: try chain.root.der))],
            purpose: .client, maxDepth: 3)
        let calls = Mutex(0)
        let refusal = try Self.refusal(.certificateExpired, chain: presented)
        journal.add(refusal, time: 0) {
            calls.withLock { $0 += 1 }
            return verifier.explain(chain: presented, at: FixedChain.now).tree
        }
        #expect(calls.withLock { $0 } == 0)
        let connection = try #require(refusal.record?.connection)
        let first = try #require(journal.handshake(connection)?.1)
        #expect(journal.handshake(connection)?.1 == first)
        journal.settle()
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func settlingMakesEveryTreeByTheRulesOfNow() throws {
        let journal = HandshakeJournal()
        let calls = Mutex(0)
        for _ in 0..<3 {
            journal.add(try Self.refusal(.certificateExpired), time: 0) {
                calls.withLock { $0 += 1 }
                return nil
            }
        }
        journal.settle()
        journal.settle()
        #expect(calls.withLock { $0 } == 3)
    }

    @Test func aSampleOfTheGoodOnesIsExplainedToo() throws {
        let journal = HandshakeJournal()
        var recorder = HandshakeRecorder(acceptedAt: 0)
        recorder.finished(
            TLSFacts(version: .tls13, cipherSuite: "TLS_AES_128_GCM_SHA256", group: nil, resumed: false, alpn: nil),
            at: 9)
        journal.sample(
            ExplainedHandshake(recorder, time: 0, listener: "main", peer: "p", outcome: .finished(client: "alice")))
        #expect(journal.handshake(recorder.connection)?.0.headline == "TLS 1.3, TLS_AES_128_GCM_SHA256")
        #expect(journal.latestRefusals(5).isEmpty)
        #expect(journal.counts.isEmpty)
    }
}
