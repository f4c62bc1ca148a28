@testable import SallyportConfig
@testable import SallyportPKI

/// Whatever an ACME server answers, the order goes on within its bounds or ends with a reason that can be printed, and
/// nothing of the answer becomes a URL, a path or a line of its own.
///
/// The input is a list of answers, separated by zero bytes: a digit for the status, then the content.
func fuzzACMEAnswer(_ bytes: [UInt8]) {
    guard let url = FetchURL("https://acme.test/dir") else { fatalError("the directory's URL is none") }
    let wish = ACMEWish(directory: url, names: ["a.test"], challenge: .http01, agreesToTerms: true)
    do {
        var machine = try ACMEOrderMachine(
            wish, signer: JSONWebSigner(rawRepresentation: Array(repeating: 7, count: 32)), key: PrivateKey.generate(),
            resuming: .init())
        var action = machine.begin()
        for answer in bytes.split(separator: 0, omittingEmptySubsequences: false).prefix(40) {
            action = step(&machine, action, answer)
            check(action)
        }
    } catch {
        fatalError("a machine could not be made: \(error)")
    }
}

private func step(
    _ machine: inout ACMEOrderMachine, _ action: ACMEOrderMachine.Action, _ answer: ArraySlice<UInt8>
) -> ACMEOrderMachine.Action {
    switch action {
    case .send(let request):
        let status = [200, 201, 302, 400, 403, 429, 500, 503][Int(answer.first ?? 0) % 8]
        let text = String(decoding: answer.dropFirst(), as: UTF8.self)
        let fields = [
            ("replay-nonce", String(text.prefix(20))), ("location", text), ("retry-after", text),
            ("content-type", "application/problem+json"),
        ]
        let response = FetchResponse(
            status: status, fields: fields.map { (name: $0.0, value: $0.1) }, body: Array(answer.dropFirst()), url: request.url)
        return machine.handle(.answered(response), at: 1_800_000_000)
    case .wait, .remember, .prove: return machine.handle(.carriedOut, at: 1_800_000_000)
    case .finished, .failed: return action
    }
}

private func check(_ action: ACMEOrderMachine.Action) {
    switch action {
    case .send(let request):
        require(request.url.scheme == .https, "it was led away from https")
    case .wait(let seconds):
        require((1...ACMEOrderMachine.patience).contains(seconds), "it waits too long")
    case .prove(let proofs):
        for proof in proofs {
            require(proof.name == "a.test", "a name that nobody asked for")
            require(ChallengeToken.isValid(proof.token), "a token that is none")
        }
    case .failed(let failure):
        require(failure.detail.unicodeScalars.count <= 401, "a reason without end")
        require(failure.detail.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }, "a reason of several lines")
    case .remember, .finished: return
    }
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
