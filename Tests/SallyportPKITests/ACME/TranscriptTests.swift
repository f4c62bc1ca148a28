import Foundation
import SallyportConfig
import SallyportModel
import Testing
import X509

@testable import SallyportPKI

/// Whole orders against answers from a file: what is sent, in what order, and what becomes of it.
///
/// A case is a folder of `Tests/Golden/acme`: `script.json` is what is wanted and what the server answers,
/// `expected.txt` is the transcript. `UPDATE_GOLDEN=1` writes it anew.
@Suite struct TranscriptTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Golden/acme")
    static let cases = Result { try FileManager.default.contentsOfDirectory(atPath: root.path).sorted() }

    @Test func thereAreCases() throws { #expect(try Self.cases.get().count >= 20) }

    @Test(arguments: (try? cases.get()) ?? []) func transcript(name: String) throws {
        let folder = Self.root.appending(path: name)
        let script = try Script(try Data(contentsOf: folder.appending(path: "script.json")))
        let text = try script.play()
        let file = folder.appending(path: "expected.txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil { try Data(text.utf8).write(to: file) }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)))
    }
}

private struct Script {
    let json: JSONValue
    let signer: JSONWebSigner
    let key: PrivateKey

    init(_ data: Data) throws {
        json = try JSONText.parse(Array(data), limit: 1 << 20)
        signer = try JSONWebSigner(rawRepresentation: Array(repeating: 7, count: 32))
        key = try PrivateKey.generate()
    }

    private func wish() throws -> ACMEWish {
        let wish = try #require(json["wish"])
        return ACMEWish(
            directory: try #require(FetchURL(wish["directory"]?.text ?? "https://acme.test/dir")),
            names: (wish["names"]?.elements ?? []).compactMap(\.text),
            challenge: wish["challenge"]?.text.flatMap(ACMEChallengeKind.init) ?? .http01, email: wish["email"]?.text,
            agreesToTerms: wish["terms"]?.truth ?? true,
            externalAccount: wish["keyID"]?.text.map { .init(keyID: $0, secret: Array(repeating: 9, count: 32)) },
            profile: wish["profile"]?.text, replaces: wish["replaces"]?.text)
    }

    func play() throws -> String {
        let wish = try wish()
        var machine = try ACMEOrderMachine(
            wish, signer: signer, key: key,
            resuming: .init(account: json["account"]?.text, order: json["order"]?.text.flatMap(FetchURL.init)))
        var now = CertificateFactory.now
        var answers = (json["answers"]?.elements ?? [])[...]
        let repeats = json["repeats"]?.truth ?? false
        var lines: [String] = []
        var action = machine.begin()
        for _ in 0..<3000 {
            switch action {
            case .send(let request):
                lines += try shown(request)
                guard let answer = repeats && answers.count == 1 ? answers.first : answers.popFirst() else {
                    action = machine.handle(.unreachable(FetchFailure(.fetchUnreachable, request.url, "down")), at: now)
                    continue
                }
                action = machine.handle(.answered(try response(answer, to: request, wish)), at: now)
            case .wait(let seconds):
                lines.append("wait \(seconds) s")
                now += seconds
                action = machine.handle(.carriedOut, at: now)
            case .remember(let progress):
                lines.append("remember account \(progress.account ?? "-") order \(progress.order?.text ?? "-")")
                action = machine.handle(.carriedOut, at: now)
            case .prove(let proofs):
                lines += proofs.map { "prove \($0.name) by \($0.kind.rawValue): \($0.keyAuthorization)" }
                action = machine.handle(.carriedOut, at: now)
            case .finished(let credential):
                lines.append("finished with \(credential.chain.count) certificates")
                return transcript(lines)
            case .failed(let failure):
                lines.append("failed: \(failure)")
                if !failure.names.isEmpty { lines.append("  names: \(failure.names.joined(separator: ", "))") }
                if let retryAt = failure.retryAt { lines.append("  again in \(retryAt - now) s") }
                return transcript(lines)
            }
        }
        Issue.record("the machine does not come to an end")
        return ""
    }

    /// Many of the same lines are told once.
    private func transcript(_ lines: [String]) -> String {
        if lines.count <= 60 { return lines.joined(separator: "\n") + "\n" }
        return (lines.prefix(12) + ["… \(lines.count - 15) lines …"] + lines.suffix(3)).joined(separator: "\n") + "\n"
    }

    private func shown(_ request: FetchRequest) throws -> [String] {
        let line = "\(request.method.rawValue) \(request.url.text)"
        guard request.method == .post else { return [line] }
        #expect(request.fields == [.contentType("application/jose+json")])
        let jws = try JSONWebSignature(parsing: request.body)
        #expect(jws.isSigned(by: signer.publicKey))
        #expect(jws.url == request.url.text)
        let who = if case .identifier(let account) = jws.signer { "as \(account)" } else { "with the key" }
        return ["\(line) \(who), nonce \(jws.nonce ?? "-")", "  " + (try payload(jws.payload))]
    }

    private func payload(_ bytes: [UInt8]) throws -> String {
        if bytes.isEmpty { return "(POST-as-GET)" }
        let json = try JSONText.parse(bytes)
        if let csr = json["csr"]?.text {
            let request = try CertificateRequest(der: try #require(Base64URL.decode(csr)))
            return "request for \(request.dnsNames.joined(separator: ", "))"
        }
        if let binding = json["externalAccountBinding"] {
            let jws = try JSONWebSignature(binding)
            #expect(jws.isAuthenticated(by: Array(repeating: 9, count: 32)))
            #expect(try JSONWebKey(try JSONText.parse(jws.payload)) == signer.publicKey)
            return "bound to \(jws.signer) for \(jws.url)"
        }
        return json.compact
    }

    private func response(_ answer: JSONValue, to request: FetchRequest, _ wish: ACMEWish) throws -> FetchResponse {
        guard case .object(let members)? = answer["fields"] ?? .object([]) else { throw JOSEFailure(.malformed, "fields") }
        var fields = members.map { (name: $0.name, value: $0.value.text ?? "") }
        if let nonce = answer["nonce"]?.text { fields.append((name: "replay-nonce", value: nonce)) }
        if let problem = answer["problem"] {
            fields.append((name: "content-type", value: "application/problem+json; charset=utf-8"))
            return FetchResponse(
                status: answer["status"]?.number ?? 400, fields: fields, body: Array(problem.compact.utf8), url: request.url)
        }
        let body: [UInt8] =
            switch answer["body"] {
            case .string(let text) where text.hasPrefix("@"): try certificate(text, wish)
            case .string("#large"): Array((#"{"a":""# + String(repeating: "x", count: 70_000) + #""}"#).utf8)
            case .string(let text): Array(text.utf8)
            case let value?: Array(value.compact.utf8)
            case nil: []
            }
        return FetchResponse(status: answer["status"]?.number ?? 200, fields: fields, body: body, url: request.url)
    }

    /// `@good`, or what is wrong with it: `@otherKey`, `@otherName`, `@expired`, `@early`; `@chainN`: N certificates.
    private func certificate(_ kind: String, _ wish: ACMEWish) throws -> [UInt8] {
        let length = kind.hasPrefix("@chain") ? try #require(Int(kind.dropFirst(6))) : 2
        var issuer = try CertificateFactory.make(.authority("ACME test"))
        var issuers = [issuer]
        while issuers.count + 1 < length {
            issuer = try CertificateFactory.make(.authority("ACME test \(issuers.count)"), by: issuer)
            issuers.insert(issuer, at: 0)
        }
        var recipe = CertificateFactory.Recipe()
        recipe.usages = [.serverAuth]
        recipe.names = wish.names.map { .dnsName($0) }
        if kind != "@otherKey" { recipe.key = key.key }
        if kind == "@otherName" { recipe.names = [.dnsName("other.test")] }
        if kind == "@expired" { recipe.notAfter = CertificateFactory.now - 1 }
        if kind == "@early" { recipe.notBefore = CertificateFactory.now + 3600 }
        let leaf = try CertificateFactory.make(recipe, by: issuer)
        return Array(PEMBlock.encode([leaf.der] + issuers.map(\.der), label: PEMBlock.certificate).utf8)
    }
}
