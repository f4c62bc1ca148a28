/// `cert list` without the server certificates that a newer one of the same name replaced: a gateway issues a few to
/// itself every day.
package struct FoldedRecords: Sendable {
    /// Oldest first.
    package let shown: [IssuedRecord]
    package let hidden: Int

    /// - Parameter now: Seconds since 1970.
    package init(_ records: [IssuedRecord], at now: Int64) {
        var newest: [String: Int] = [:]
        for (index, record) in records.enumerated() where record.kind == .server { newest[record.name] = index }
        shown = records.enumerated().filter { index, record in
            record.kind == .client || newest[record.name] == index || record.state(at: now) == .revoked
        }.map(\.element)
        hidden = records.count - shown.count
    }
}
