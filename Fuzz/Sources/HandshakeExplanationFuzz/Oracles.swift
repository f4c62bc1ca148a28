@testable import SallyportModel
@testable import SallyportTLS

/// Whatever a client says of itself, its explanation is short, printable, and the same each time.
func fuzzHandshakeExplanation(_ bytes: [UInt8]) {
    var recorder = HandshakeRecorder(acceptedAt: 0)
    var reader = ClientHelloReader()
    if case .hello(let hello) = reader.read(bytes.span) { recorder.helloReceived(hello, at: 1_000_000) }
    recorder.received(chain: [bytes], at: 2_000_000)
    let refusal = HandshakeRefusal(
        reason: .certificateMalformed, detail: String(decoding: bytes, as: UTF8.self), peer: "192.0.2.7:1",
        listener: "main", fix: "", record: recorder)
    guard let handshake = ExplainedHandshake(refusal, time: 0)?.bounded else { fatalError("no record") }
    let text = handshake.text()
    require(text == handshake.text(), "the text changes")
    require(text.utf8.count < 64 << 10, "the text is long")
    require(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }, "a control")
    require(handshake.json().utf8.count < 128 << 10, "the document is long")
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
