@testable import SallyportTLS

/// The outcome does not depend on how the bytes are cut, and stays what it is whatever follows.
func fuzzServerFlight(_ bytes: [UInt8]) {
    let whole = read(bytes, step: max(bytes.count, 1))
    require(read(bytes, step: 1) == whole, "byte by byte differs")
    require(read(bytes, step: 7) == whole, "cut differs")
    if let flight = whole?.flight {
        require(flight.hello.version.rawValue != 0, "a flight without a version")
        require(flight.certificates.allSatisfy { !$0.isEmpty }, "an empty certificate")
    }
}

private func read(_ bytes: [UInt8], step: Int) -> ProbeOutcome? {
    var reader = ServerFlightReader()
    var outcome: ProbeOutcome?
    var start = 0
    while start < bytes.count {
        let end = min(start + step, bytes.count)
        let next = reader.read(bytes.span.extracting(start..<end))
        if outcome != nil { require(next == outcome, "an outcome changed") }
        outcome = next
        start = end
    }
    return outcome
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
