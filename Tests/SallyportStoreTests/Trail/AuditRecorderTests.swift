import Dispatch
import SallyportAudit
import SallyportModel
import SallyportStore
import Synchronization
import Testing

@Suite struct AuditRecorderTests {
    private func recorder(_ scratch: Scratch, capacity: Int = 8192) throws -> AuditRecorder {
        var bounds = CommitQueue.Bounds()
        bounds.capacity = capacity
        return AuditRecorder(try AuditTrail(in: scratch.state, isChecked: true), bounds: bounds) { error in
            if let error { Issue.record(error) }
        }
    }

    private func objects(_ scratch: Scratch) throws -> [String?] {
        try AuditInspection(of: scratch.state).store.auditLinks(after: 0, limit: 1000).map { $0.record?.entry.object }
    }

    @Test func whatIsCommittedIsOnTheDisk() throws {
        let scratch = try Scratch()
        let recorder = try recorder(scratch)
        try recorder.commit(scratch.entry("a"))
        #expect(try objects(scratch) == ["a"])
        #expect(recorder.note(scratch.entry("b")))
        #expect(try recorder.close() == 0)
        #expect(try objects(scratch) == ["a", "b"])
        #expect(!recorder.note(scratch.entry("c")))
        #expect(throws: StoreError.self) { try recorder.commit(scratch.entry("c")) }
        #expect(try scratch.verify().isSound)
    }

    @Test func whoAsksIsCalledBackAfterTheCommit() async throws {
        let scratch = try Scratch()
        let recorder = try recorder(scratch)
        let seen = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<[String?], any Error>) in
            let isTaken = recorder.record(scratch.entry("a")) { error in
                if let error { return continuation.resume(throwing: error) }
                continuation.resume(with: Result { try objects(scratch) })
            }
            #expect(isTaken)
        }
        #expect(seen == ["a"])
        _ = try recorder.close()
    }

    /// None of a flood goes by without a trace, whichever seconds it falls in.
    @Test func aFloodOfStrangersIsCounted() throws {
        let scratch = try Scratch()
        let recorder = try recorder(scratch)
        let count = 10_000
        for number in 0..<count {
            var entry = AuditEntry(.handshakeRefused, .refused, at: 1)
            entry.reason = number % 4 == 0 ? "SP2002" : "SP2001"
            recorder.noteStranger(entry)
        }
        #expect(try recorder.close() == 0)
        let entries = try AuditInspection(of: scratch.state).store.auditLinks(after: 0, limit: count).compactMap { $0.record?.entry }
        let single = entries.count { $0.event == .handshakeRefused }
        let summed = entries.filter { $0.event == .recordsSummarised }.compactMap { entry in
            entry.object.flatMap { Int($0.prefix { $0.isNumber }) }
        }
        #expect(single >= AuditRecorder.mostHandshakes)
        #expect(single < count / 2)
        #expect(single + summed.reduce(0, +) == count)
        #expect(entries.last?.detail?.contains("handshake.refused SP2001 ×") == true)
    }

    @Test func oldRecordsAreRemovedByTheWay() async throws {
        let scratch = try Scratch()
        let recorder = try recorder(scratch)
        for number in 0..<5 { try recorder.commit(scratch.entry("\(number)")) }
        recorder.adopt(retention: 86_400)
        recorder.tend()
        // What is not begun when the recorder is closed is not done any more.
        let deadline = ContinuousClock.now + .seconds(20)
        while try scratch.verify().first == 1, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
        try recorder.commit(scratch.entry("new", at: UnixTime.nanoseconds()))
        _ = try recorder.close()
        let report = try scratch.verify()
        #expect(report.isSound)
        #expect(report.first == 5)
        #expect(try objects(scratch).last == "new")
    }
}
