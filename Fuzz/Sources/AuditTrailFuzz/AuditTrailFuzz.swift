@testable import SallyportAudit

/// What has to hold for whatever stands in the database or in the mark: it is no crash, a record has one spelling, a mark
/// has one line, and a chain in which something does not fit is never found whole.
func fuzzAuditTrail(_ bytes: [UInt8], seed: UInt8) {
    if let record = AuditRecord(canonical: bytes) {
        require(record.canonicalBytes == bytes, "a record has two spellings")
    }
    if let mark = AuditMark.read(bytes) {
        require(AuditMark.read(AuditMark.line(mark)) == mark, "a mark is not read as it was written")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    if let head = AuditHead(text: text) { require(AuditHead(text: head.text) == head, "a head is not read as it was written") }
    let entry = AuditEntry(.requestRefused, .refused, at: Int64(seed), actor: text, object: String(text.reversed()), detail: "x")
    let record = AuditRecord(sequence: 1, entry: entry)
    require(AuditRecord(canonical: record.canonicalBytes) == record, "what is written is not read")
    fuzzChain(bytes, seed: seed)
}

/// A chain of five, one of whose links has the input for a body or a place that the input says.
private func fuzzChain(_ bytes: [UInt8], seed: UInt8) {
    var (head, links) = (AuditHead.empty, [AuditLink]())
    for number in 0..<5 {
        links.append(AuditLink(AuditEntry(.keyCreated, .done, at: Int64(number), object: "\(number)"), behind: head))
        head = links[number].head
    }
    let index = Int(seed) % 5
    let whole = links
    if seed & 0x80 == 0 {
        links[index].body = bytes
    } else {
        links[index].sequence = bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }
    let mark = AuditCheckpoint(kind: .mark, head: head, time: 0, key: "", signature: [])
    var verifier = AuditVerifier(.init(checkpoints: [mark], mark: nil, needsMark: false, keys: [], expected: head))
    for link in links { verifier.take(link) }
    require(verifier.finish().isSound == (links == whole), "a chain was judged wrongly")
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
