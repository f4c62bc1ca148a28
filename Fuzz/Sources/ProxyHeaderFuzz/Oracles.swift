@testable import SallyportEdge
@testable import SallyportModel

/// What has to hold for every beginning of a connection: it is no crash, the cuts do not matter, nothing of what follows
/// the header is taken, and a header that is believed reads the same after it was written again.
func fuzzProxyHeader(_ bytes: [UInt8], seed: UInt8) {
    let whole = read(bytes, step: bytes.count)
    require(read(bytes, step: 1) == whole, "byte by byte differs")
    require(read(bytes, step: Int(seed) + 2) == whole, "cut differs")
    guard case .header(let header, let consumed) = whole else {
        if case .needMore = whole { require(bytes.count < 16 + ProxyHeader.mostContent, "more is held than a header has") }
        return
    }
    require(consumed <= bytes.count, "more taken than there was")
    var prefix = ProxyHeaderReader()
    require(prefix.read(bytes.prefix(consumed)) == .header(header, consumed: consumed), "what follows the header matters")
    check(header)
}

private func read(_ bytes: [UInt8], step: Int) -> ProxyHeaderReader.Outcome {
    var reader = ProxyHeaderReader()
    var start = 0
    while start < bytes.count {
        let end = min(start + max(step, 1), bytes.count)
        switch reader.read(bytes[start..<end]) {
        case .needMore: start = end
        case .header(let header, let consumed): return .header(header, consumed: start + consumed)
        case .refused(let fault): return .refused(fault)
        }
    }
    return .needMore
}

private func check(_ header: ProxyHeader) {
    let writer = ProxyHeaderWriter(
        addresses: header.addresses, authority: header.authority, alpn: header.alpn, commonName: "alice", tlsVersion: "TLSv1.3")
    let binary = writer.binary()
    require(read(binary, step: binary.count) == .header(header, consumed: binary.count), "another header in version 2")
    let text = writer.text()
    let addresses = ProxyHeader(addresses: header.addresses)
    require(read(text, step: text.count) == .header(addresses, consumed: text.count), "another header in version 1")
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
