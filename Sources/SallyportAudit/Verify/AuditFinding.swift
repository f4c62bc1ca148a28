/// What is wrong with a chain, or worth to be said about it.
package enum AuditFinding: Sendable, Hashable {
    /// Records are gone from the beginning or from the middle.
    case deleted(ClosedRange<Int64>)
    /// Records are gone from the end.
    case cutOff(ClosedRange<Int64>)
    /// A record does not say what it said.
    case changed(Int64)
    /// A record is not the one that the next one was chained to; its hash was calculated anew.
    case replaced(Int64)
    /// At the place of one record stands another.
    case reordered(place: Int64, holds: Int64)
    /// It hangs together and is no record of this version.
    case unreadable(Int64)
    /// The records up to this one are not those that were signed; good up to `after`.
    case rewritten(after: Int64, upTo: Int64)
    /// A checkpoint bears a signature that its key has not made.
    case forgedCheckpoint(Int64)
    /// The mark beside the database is gone, or was not written by this gateway.
    case markMissing
    case markForged
    /// The head that the caller kept elsewhere is not that of the chain.
    case unexpected(Int64)

    package var text: String {
        switch self {
        case .deleted(let range): "\(Self.words(range)) deleted"
        case .cutOff(let range): "\(Self.words(range)) cut off from the end"
        case .changed(let sequence): "record \(sequence) was changed"
        case .replaced(let sequence):
            "record \(sequence) was changed and its hash calculated anew: record \(sequence + 1) was chained to another"
        case .reordered(let place, let holds): "records were reordered: at the place of \(place) stands \(holds)"
        case .unreadable(let sequence): "record \(sequence) is not one that this version can read"
        case .rewritten(let after, let upTo):
            "records \(after + 1) to \(upTo) are not those that were signed: at least one was changed and the chain calculated anew"
        case .forgedCheckpoint(let sequence): "the checkpoint at record \(sequence) has a signature that is not good"
        case .markMissing: "the high-water mark beside the database is missing"
        case .markForged: "the high-water mark beside the database was not written by this gateway"
        case .unexpected(let sequence): "record \(sequence) has not the hash that was expected"
        }
    }

    package var kind: String {
        switch self {
        case .deleted: "deleted"
        case .cutOff: "cutOff"
        case .changed: "changed"
        case .replaced: "replaced"
        case .reordered: "reordered"
        case .unreadable: "unreadable"
        case .rewritten: "rewritten"
        case .forgedCheckpoint: "forgedCheckpoint"
        case .markMissing: "markMissing"
        case .markForged: "markForged"
        case .unexpected: "unexpected"
        }
    }

    private static func words(_ range: ClosedRange<Int64>) -> String {
        range.count == 1 ? "record \(range.lowerBound) was" : "records \(range.lowerBound) to \(range.upperBound) were"
    }
}

/// What became of looking at a whole chain.
package struct AuditReport: Sendable, Hashable {
    /// Findings beyond this are only counted.
    package static let mostFindings = 100

    package internal(set) var records: Int64 = 0
    package internal(set) var first: Int64?
    package internal(set) var head = AuditHead.empty
    /// Whose signature is good.
    package internal(set) var checkpoints = 0
    /// By keys that are not known here, such as those of other gateways.
    package internal(set) var unknownKeys: Set<String> = []
    /// Gaps that somebody has declared: their records, and the record that says so.
    package internal(set) var declared: [Declared] = []
    package internal(set) var findings: [AuditFinding] = []
    package internal(set) var moreFindings = 0

    package struct Declared: Sendable, Hashable {
        package var missing: ClosedRange<Int64>
        package var by: Int64

        package init(missing: ClosedRange<Int64>, by: Int64) {
            self.missing = missing
            self.by = by
        }
    }

    package var isSound: Bool { findings.isEmpty }

    mutating func add(_ finding: AuditFinding) {
        if findings.count < Self.mostFindings { findings.append(finding) } else { moreFindings += 1 }
    }
}
