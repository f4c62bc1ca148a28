@testable import SallyportModel
@testable import SallyportPKI

/// An OCSP response is read within its bounds, and one that nobody signed is never believed.
func fuzzStatusResponse(_ bytes: [UInt8]) {
    do throws(RevocationFault) {
        let response = try StatusResponse(der: bytes)
        require(response.answers.count <= 64 && response.certificates.count <= 8, "too many parts")
        let question = StatusQuestion(issuer: [0x30, 0], issuerKey: [0x30, 3, 2, 1, 0], serial: serial)
        let request = try StatusRequest(question, nonce: [1])
        _ = try StatusResponseCheck.answer(in: bytes, to: question, request: request, at: 1_800_000_000)
        fatalError("an answer of nobody was believed")
    } catch {
        require(!error.detail.isEmpty, "a refusal without a reason")
    }
}

private let serial = SerialNumber([10, 27]) ?? { fatalError("a good number is none") }()

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
