/// Looks at a chain record by record, in the order of their places, in memory that does not grow with it.
///
/// Each record holds the hash that it was chained to, so that what lies behind a hole can still be judged by itself.
package struct AuditVerifier {
    /// What is known about the chain from elsewhere.
    package struct Evidence: Sendable {
        package var checkpoints: [AuditCheckpoint]
        /// Of the file beside the database; nil when there is none, or when what is there is none.
        package var mark: AuditCheckpoint?
        /// There has to be a mark.
        package var needsMark: Bool
        package var keys: [AuditKey.Public]
        /// A head that somebody kept elsewhere.
        package var expected: AuditHead?

        package init(
            checkpoints: [AuditCheckpoint], mark: AuditCheckpoint?, needsMark: Bool, keys: [AuditKey.Public],
            expected: AuditHead? = nil
        ) {
            self.checkpoints = checkpoints
            self.mark = mark
            self.needsMark = needsMark
            self.keys = keys
            self.expected = expected
        }
    }

    private var report = AuditReport()
    private var last: AuditHead
    /// Something was found about the record before, so that its hash says nothing about this one.
    private var isAdrift = false
    /// Signed statements that are good and still to come, by ascending number.
    private var ahead: [AuditCheckpoint] = []
    private var next = 0
    /// The newest record whose hash was signed and fits.
    private var lastSigned: Int64 = 0
    private let expected: AuditHead?

    package init(_ evidence: Evidence) {
        let anchor = evidence.checkpoints.filter { $0.kind == .anchor && Self.isGood($0, evidence.keys) }
            .max { $0.head.sequence < $1.head.sequence }
        last = anchor?.head ?? .empty
        lastSigned = last.sequence
        expected = evidence.expected
        for checkpoint in evidence.checkpoints { judge(checkpoint, evidence.keys) }
        judge(mark: evidence.mark, evidence)
        if let expected { ahead.append(AuditCheckpoint(kind: .mark, head: expected, time: 0, key: "", signature: [])) }
        ahead = ahead.filter { [last] in $0.head.sequence > last.sequence }
            .sorted { $0.head.sequence < $1.head.sequence }
    }

    private static func isGood(_ checkpoint: AuditCheckpoint, _ keys: [AuditKey.Public]) -> Bool {
        keys.contains { $0.hasSigned(checkpoint) }
    }

    private mutating func judge(_ checkpoint: AuditCheckpoint, _ keys: [AuditKey.Public]) {
        guard keys.contains(where: { $0.id == checkpoint.key }) else {
            report.unknownKeys.insert(checkpoint.key)
            return
        }
        guard Self.isGood(checkpoint, keys) else { return report.add(.forgedCheckpoint(checkpoint.head.sequence)) }
        report.checkpoints += 1
        if checkpoint.kind == .head { ahead.append(checkpoint) }
    }

    private mutating func judge(mark: AuditCheckpoint?, _ evidence: Evidence) {
        guard let mark else {
            if evidence.needsMark { report.add(.markMissing) }
            return
        }
        guard mark.kind == .mark, Self.isGood(mark, evidence.keys) else { return report.add(.markForged) }
        ahead.append(mark)
    }

    // MARK: records

    /// The next record, by ascending place.
    package mutating func take(_ link: AuditLink) {
        // What retention has removed and somebody put back is not part of the chain.
        guard link.sequence > last.sequence else { return report.add(.reordered(place: link.sequence, holds: link.sequence)) }
        report.records += 1
        if report.first == nil { report.first = link.sequence }
        let record = link.record
        let isWhole = AuditHash(after: link.previous, link.body) == link.hash
        close(gapBefore: link, record, isWhole)
        let soundSoFar = judge(link, record, isWhole)
        if soundSoFar, !isAdrift, link.previous != last.hash { report.add(.replaced(link.sequence - 1)) }
        isAdrift = !soundSoFar
        last = link.head
        compareWithSigned(link.head)
    }

    private mutating func close(gapBefore link: AuditLink, _ record: AuditRecord?, _ isWhole: Bool) {
        guard link.sequence > last.sequence + 1 else { return }
        let missing = (last.sequence + 1)...(link.sequence - 1)
        if isWhole, record?.sequence == link.sequence, record?.entry.event == .recordingResumed, link.previous == last.hash {
            report.declared.append(.init(missing: missing, by: link.sequence))
        } else {
            report.add(.deleted(missing))
            isAdrift = true
        }
        while next < ahead.count, ahead[next].head.sequence < link.sequence { next += 1 }
    }

    private mutating func judge(_ link: AuditLink, _ record: AuditRecord?, _ isWhole: Bool) -> Bool {
        if let record, record.sequence != link.sequence {
            report.add(.reordered(place: link.sequence, holds: record.sequence))
            return false
        }
        guard isWhole else {
            report.add(.changed(link.sequence))
            return false
        }
        if record == nil { report.add(.unreadable(link.sequence)) }
        return true
    }

    private mutating func compareWithSigned(_ head: AuditHead) {
        while next < ahead.count, ahead[next].head.sequence <= head.sequence {
            let signed = ahead[next].head
            next += 1
            guard signed.sequence == head.sequence else { continue }
            if signed.hash == head.hash {
                lastSigned = head.sequence
            } else if signed == expected {
                report.add(.unexpected(head.sequence))
            } else if !isAdrift {
                report.add(.rewritten(after: lastSigned, upTo: head.sequence))
            }
        }
    }

    /// After the last record.
    package mutating func finish() -> AuditReport {
        if let highest = ahead.last?.head.sequence, highest > last.sequence {
            report.add(.cutOff((last.sequence + 1)...highest))
        }
        report.head = last
        return report
    }
}
