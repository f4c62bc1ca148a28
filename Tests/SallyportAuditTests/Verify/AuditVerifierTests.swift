import SallyportAudit
import Testing

/// Chains, and what somebody may do to them who can write to the database.
@Suite struct AuditVerifierTests {
    private let key = AuditKey()

    private func chain(_ count: Int, from start: AuditHead = .empty) -> [AuditLink] {
        var head = start
        return (0..<count).map { index in
            let link = AuditLink(AuditEntry(.keyCreated, .done, at: 100 + Int64(index), object: "key \(index)"), behind: head)
            head = link.head
            return link
        }
    }

    private func checkpoint(_ kind: AuditCheckpoint.Kind, _ head: AuditHead) throws -> AuditCheckpoint {
        try #require(key.sign(kind, head, at: 5))
    }

    private func verify(
        _ links: [AuditLink], checkpoints: [AuditCheckpoint] = [], mark: AuditCheckpoint? = nil,
        needsMark: Bool = false, expected: AuditHead? = nil
    ) -> AuditReport {
        var verifier = AuditVerifier(
            .init(checkpoints: checkpoints, mark: mark, needsMark: needsMark, keys: [key.publicKey], expected: expected))
        for link in links { verifier.take(link) }
        return verifier.finish()
    }

    /// A link with another body, and its hash calculated anew.
    private func forged(_ link: AuditLink, behind head: AuditHead? = nil, _ object: String = "forged") -> AuditLink {
        let before = head ?? AuditHead(sequence: link.sequence - 1, hash: link.previous)
        return AuditLink(AuditEntry(.keyCreated, .done, at: 1, object: object), behind: before)
    }

    @Test func aWholeChainIsSound() throws {
        let links = chain(20)
        let signed = try [checkpoint(.head, links[9].head), checkpoint(.head, links[19].head)]
        let report = verify(links, checkpoints: signed, mark: try checkpoint(.mark, links[19].head), needsMark: true)
        #expect(report.isSound)
        #expect((report.records, report.first, report.checkpoints) == (20, 1, 2))
        #expect(report.head == links[19].head)
        #expect(verify([]).isSound)
    }

    @Test(arguments: 0..<20) func aDeletedRecordIsNamed(index: Int) throws {
        var links = chain(20)
        let mark = try checkpoint(.mark, links[19].head)
        links.remove(at: index)
        let sequence = Int64(index + 1)
        let expected: AuditFinding = index == 19 ? .cutOff(20...20) : .deleted(sequence...sequence)
        #expect(verify(links, mark: mark).findings == [expected])
    }

    @Test func aDeletedRangeIsNamed() {
        var links = chain(20)
        links.removeSubrange(4..<8)
        #expect(verify(links).findings == [.deleted(5...8)])
    }

    /// What the records behind a hole are chained to is changed, so that there seems to be none.
    @Test func aClosedHoleIsNamed() {
        var links = chain(20)
        links.remove(at: 4)
        links[4].previous = links[3].hash
        #expect(verify(links).findings == [.deleted(5...5), .changed(6)])
    }

    @Test(arguments: 0..<20) func aChangedRecordIsNamed(index: Int) {
        var links = chain(20)
        links[index].body[links[index].body.count - 3] ^= 1
        #expect(verify(links).findings == [.changed(Int64(index + 1))])
    }

    @Test(arguments: 0..<19) func aRecordWithItsHashCalculatedAnewIsNamed(index: Int) {
        var links = chain(20)
        links[index] = forged(links[index])
        #expect(verify(links).findings == [.replaced(Int64(index + 1))])
    }

    /// Without checkpoint and mark the last one cannot be told: that is what they are for.
    @Test func theLastRecordCalculatedAnewIsToldByTheMark() throws {
        var links = chain(20)
        let mark = try checkpoint(.mark, links[19].head)
        links[19] = forged(links[19])
        #expect(verify(links).isSound)
        #expect(verify(links, mark: mark).findings == [.rewritten(after: 0, upTo: 20)])
    }

    @Test func aChainCalculatedAnewIsToldByCheckpoints() throws {
        let links = chain(20)
        let signed = try [5, 10, 20].map { try checkpoint(.head, links[$0 - 1].head) }
        var other = Array(links[..<7])
        other += chain(13, from: forged(links[6], "other").head)
        other[6] = forged(links[6], "other")
        let report = verify(Array(other[..<20]), checkpoints: signed)
        #expect(report.findings == [.rewritten(after: 5, upTo: 10), .rewritten(after: 5, upTo: 20)])
    }

    @Test func swappedRecordsAreNamed() {
        var links = chain(20)
        (links[6], links[7]) = (links[7], links[6])
        links[6].sequence = 7
        links[7].sequence = 8
        #expect(verify(links).findings == [.reordered(place: 7, holds: 8), .reordered(place: 8, holds: 7)])
    }

    @Test(arguments: 1..<20) func aCutOffEndIsNamed(left: Int) throws {
        let links = chain(20)
        let mark = try checkpoint(.mark, links[19].head)
        let cut = Array(links[..<left])
        #expect(verify(cut, mark: mark).findings == [.cutOff(Int64(left + 1)...20)])
        #expect(verify(cut, checkpoints: [try checkpoint(.head, links[19].head)]).findings == [.cutOff(Int64(left + 1)...20)])
        #expect(verify(cut, expected: links[19].head).findings == [.cutOff(Int64(left + 1)...20)])
    }

    @Test func everythingDeletedIsNamed() throws {
        #expect(verify([], mark: try checkpoint(.mark, chain(20)[19].head)).findings == [.cutOff(1...20)])
    }

    @Test func aMarkIsNeeded() throws {
        let links = chain(3)
        #expect(verify(links, needsMark: true).findings == [.markMissing])
        let foreign = try #require(AuditKey().sign(.mark, links[2].head, at: 1))
        #expect(verify(links, mark: foreign, needsMark: true).findings == [.markForged])
        // A checkpoint of the table does not pass for a mark.
        #expect(verify(links, mark: try checkpoint(.head, links[1].head), needsMark: true).findings == [.markForged])
    }

    @Test func aForgedCheckpointIsNamedAndAnUnknownKeyIsNot() throws {
        let links = chain(3)
        let good = try checkpoint(.head, links[2].head)
        let forged = AuditCheckpoint(kind: .head, head: links[1].head, time: 5, key: good.key, signature: good.signature)
        #expect(verify(links, checkpoints: [forged]).findings == [.forgedCheckpoint(2)])
        let foreign = try #require(AuditKey().sign(.head, links[1].head, at: 1))
        let report = verify(links, checkpoints: [foreign])
        #expect(report.isSound)
        #expect(report.unknownKeys == [foreign.key])
        #expect(report.checkpoints == 0)
    }

    @Test func aHeadKeptElsewhereIsCompared() {
        let links = chain(5)
        #expect(verify(links, expected: links[2].head).isSound)
        let other = AuditHead(sequence: 3, hash: links[4].hash)
        #expect(verify(links, expected: other).findings == [.unexpected(3)])
    }

    @Test func whatRetentionRemovedIsAnchored() throws {
        let links = chain(20)
        let rest = Array(links[8...])
        #expect(verify(rest).findings == [.deleted(1...8)])
        let anchor = try checkpoint(.anchor, links[7].head)
        let report = verify(rest, checkpoints: [anchor, try checkpoint(.head, links[3].head)])
        #expect(report.isSound)
        #expect(report.first == 9)
        // More is gone than the anchor says.
        #expect(verify(Array(links[10...]), checkpoints: [anchor]).findings == [.deleted(9...10)])
        // A head does not pass for an anchor.
        #expect(verify(rest, checkpoints: [try checkpoint(.head, links[7].head)]).findings == [.deleted(1...8)])
    }

    @Test func aDeclaredGapIsToldAndAccepted() throws {
        var links = chain(10)
        let mark = try checkpoint(.mark, AuditHead(sequence: 15, hash: chain(15)[14].hash))
        let lost = AuditHead(sequence: 15, hash: links[9].hash)
        links.append(AuditLink(AuditEntry(.recordingResumed, .done, at: 1, detail: "backup of Monday"), behind: lost))
        let report = verify(links, mark: mark)
        #expect(report.isSound)
        #expect(report.declared == [.init(missing: 11...15, by: 16)])
        // What is deleted besides is not covered by it.
        links.remove(at: 8)
        #expect(verify(links, mark: mark).findings == [.deleted(9...9)])
    }

    @Test func aRecordOfALaterVersionIsTold() {
        var links = chain(3)
        let body = Array(#"{"v":2,"seq":2}"#.utf8)
        links[1].body = body
        links[1].hash = AuditHash(after: links[0].hash, body)
        links[2] = AuditLink(AuditEntry(.keyCreated, .done, at: 1), behind: links[1].head)
        #expect(verify(links).findings == [.unreadable(2)])
    }

    @Test func findingsAreBounded() {
        let all = chain(1000)
        let links = stride(from: 0, to: 1000, by: 2).map { all[$0] }
        let report = verify(links)
        #expect(report.findings.count == AuditReport.mostFindings)
        #expect(report.moreFindings == 399)
    }
}
