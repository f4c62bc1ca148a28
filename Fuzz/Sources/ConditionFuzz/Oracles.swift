@testable import SallyportModel

@testable import SallyportHTTP
@testable import SallyportPolicy

/// A condition is understood or refused with a place inside of it; one that is understood says the same whether parts
/// are skipped or not, and its steps go forward only.
func fuzzCondition(_ bytes: [UInt8]) {
    let text = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    do throws(ConditionError) {
        let condition = try Condition(text)
        for (position, step) in condition.steps.enumerated() {
            if case .skipIfFails(let next) = step { require(next > position, "a step back") }
            if case .skipIfHolds(let next) = step { require(next > position, "a step back") }
        }
        guard let head = head(bytes.drop { $0 != 10 }.dropFirst()) else { return }
        let circumstances = Circumstances(
            head: head, client: ClientAddress("10.1.2.3"), names: ["alice"], token: token,
            session: SessionFacts(version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256"), now: 1_795_449_600)
        require(condition.outcome(circumstances) == condition.explain(circumstances).last?.outcome, "skipping matters")
    } catch {
        require(error.range.upperBound <= text.utf8.count, "a caret behind the end")
        require(!error.message.isEmpty && !error.label.isEmpty, "no words")
    }
}

private let token = TokenFacts(
    issuer: "https://id.example.org", subject: "alice", audience: ["orders"], scope: ["read"], expires: 1_795_450_000,
    claims: .object(["a": .object(["b": .list([.integer(1), .decimal(0.5), .text("x")])]), "t": .truth(true)]))

private func head(_ fields: ArraySlice<UInt8>) -> RequestHead? {
    let bytes = Array("GET ".utf8) + fields + Array("\r\n\r\n".utf8)
    var parser = RequestParser(limits: HTTPLimits())
    guard case .head(let head) = parser.next(bytes.span.bytes).event else { return nil }
    return head
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
