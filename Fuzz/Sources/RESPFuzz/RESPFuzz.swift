@testable import SallyportCluster

/// What has to hold for whatever a server sends: it is no crash, the cuts do not matter, and what is held is bounded.
func fuzzRESP(_ bytes: [UInt8], seed: UInt8) {
    let whole = read(bytes, step: bytes.count)
    require(read(bytes, step: 1) == whole, "byte by byte differs")
    require(read(bytes, step: Int(seed) + 2) == whole, "cut differs")
    for value in whole.values { require(depth(of: value) <= RESPDecoder.deepest + 1, "too deep") }
}

private struct Outcome: Equatable {
    var values: [RESPValue] = []
    var fault: RESPFault?
}

private func read(_ bytes: [UInt8], step: Int) -> Outcome {
    var decoder = RESPDecoder()
    var outcome = Outcome()
    var start = 0
    while start < bytes.count, outcome.fault == nil {
        let end = min(start + max(step, 1), bytes.count)
        decoder.receive(Array(bytes[start..<end]).span)
        start = end
        do throws(RESPFault) {
            while let value = try decoder.next() { outcome.values.append(value) }
        } catch {
            outcome.fault = error
        }
    }
    return outcome
}

private func depth(of value: RESPValue) -> Int {
    switch value {
    case .array(let values), .set(let values), .map(let values), .push(let values):
        1 + (values.map(depth).max() ?? 0)
    case .null, .boolean, .integer, .simple, .bulk, .error, .number: 1
    }
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
