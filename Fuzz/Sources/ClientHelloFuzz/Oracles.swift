@testable import SallyportModel
@testable import SallyportTLS

/// The outcome does not depend on how the bytes are cut, and stays what it is whatever follows.
func fuzzClientHello(_ bytes: [UInt8]) {
    let whole = read(bytes, step: max(bytes.count, 1))
    require(read(bytes, step: 1) == whole, "byte by byte differs")
    require(read(bytes, step: 7) == whole, "cut differs")
    if case .hello(let hello) = whole {
        require(hello.sni.map { !$0.isEmpty && $0.utf8.allSatisfy(isHostByte) } ?? true, "server name holds anything")
        require(!hello.cipherSuites.isEmpty, "no cipher suite")
    }
}

private func read(_ bytes: [UInt8], step: Int) -> ClientHelloReader.Outcome {
    var reader = ClientHelloReader()
    var outcome = ClientHelloReader.Outcome.needMore
    var start = 0
    while start < bytes.count {
        let end = min(start + step, bytes.count)
        let next = reader.read(bytes.span.extracting(start..<end))
        if outcome != .needMore { require(next == outcome, "an outcome changed") }
        outcome = next
        start = end
    }
    return outcome
}

private func isHostByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
