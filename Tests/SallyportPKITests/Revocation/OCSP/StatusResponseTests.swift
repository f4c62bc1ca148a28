import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

/// Responses of OpenSSL's responder, believed or not.
@Suite struct StatusResponseTests {
    private struct World {
        let folder: TemporaryFolder
        let issuer: CertificateFactory.Made
        let question: StatusQuestion
        let now = Int64(Date().timeIntervalSince1970)

        init(serial: [UInt8] = [0x0a, 0x1b]) throws {
            folder = try TemporaryFolder()
            var recipe = CertificateFactory.Recipe.authority("Root")
            recipe.notBefore = now - 86_400
            recipe.notAfter = now + 86_400
            issuer = try CertificateFactory.make(recipe)
            let parsed = try issuer.parsed()
            question = StatusQuestion(
                issuer: parsed.envelope.subject, issuerKey: parsed.envelope.publicKeyInfo,
                serial: try #require(SerialNumber(serial)))
            try Array(PEMBlock.encode([issuer.der], label: PEMBlock.certificate).utf8).write(to: folder.path("ca.pem"))
            try Array(issuer.key.serializeAsPEM().pemString.utf8).write(to: folder.path("ca.key"))
        }

        func response(to request: StatusRequest, index: String, _ arguments: [String] = ["-nmin", "5"]) throws -> [UInt8] {
            try Array(index.utf8).write(to: folder.path("index.txt"))
            try request.der.write(to: folder.path("request.der"))
            try Tool.run(
                "openssl",
                [
                    "ocsp", "-index", folder.path("index.txt"), "-CA", folder.path("ca.pem"), "-rsigner",
                    folder.path("ca.pem"), "-rkey", folder.path("ca.key"), "-reqin", folder.path("request.der"),
                    "-respout", folder.path("response.der"),
                ] + arguments)
            return [UInt8](try Data(contentsOf: URL(filePath: folder.path("response.der"))))
        }
    }

    private static let good = "V\t350101000000Z\t\t0A1B\tunknown\t/CN=x\n"
    private static let revoked = "R\t350101000000Z\t260101000000Z,keyCompromise\t0A1B\tunknown\t/CN=x\n"

    @Test func openSSLsAnswersAreUnderstood() throws {
        let world = try World()
        let request = try StatusRequest(world.question)
        for (index, verdict) in [
            (Self.good, StatusAnswer.Verdict.good),
            (Self.revoked, .revoked(date: 1_767_225_600, reason: .keyCompromise)), ("", .unknown),
        ] {
            let answer = try StatusResponseCheck.answer(
                in: world.response(to: request, index: index), to: world.question, request: request, at: world.now)
            #expect(answer.verdict == verdict)
        }
    }

    @Test func anAnswerCountsForItsQuestionAndTimeOnly() throws {
        let world = try World()
        let request = try StatusRequest(world.question)
        let response = try world.response(to: request, index: Self.good)
        func reason(_ question: StatusQuestion, _ request: StatusRequest, _ time: Int64) -> Reason? {
            do throws(RevocationFault) {
                _ = try StatusResponseCheck.answer(in: response, to: question, request: request, at: time)
                return nil
            } catch {
                return error.reason
            }
        }
        #expect(reason(world.question, request, world.now) == nil)
        #expect(reason(world.question, request, world.now + 3600) == .statusResponseUntrusted)
        #expect(reason(world.question, request, world.now - 3600) == .statusResponseUntrusted)
        #expect(reason(world.question, try StatusRequest(world.question), world.now) == .statusResponseUntrusted, "nonce")
        let other = StatusQuestion(
            issuer: world.question.issuer, issuerKey: world.question.issuerKey,
            serial: try #require(SerialNumber([0x0a, 0x1c])))
        #expect(reason(other, request, world.now) == .statusResponseUntrusted)
        let stranger = try World().question
        #expect(reason(stranger, request, world.now) == .statusResponseUntrusted)
    }

    @Test func everyPrefixTailAndChangedByteIsRefused() throws {
        let world = try World()
        let request = try StatusRequest(world.question)
        let response = try world.response(to: request, index: Self.good, ["-nmin", "5", "-resp_no_certs"])
        func isBelieved(_ bytes: [UInt8]) -> Bool {
            do throws(RevocationFault) {
                _ = try StatusResponseCheck.answer(in: bytes, to: world.question, request: request, at: world.now)
                return true
            } catch {
                return false
            }
        }
        #expect(isBelieved(response))
        for length in response.indices { #expect(!isBelieved(Array(response[..<length]))) }
        #expect(!isBelieved(response + [0]))
        for index in response.indices {
            var changed = response
            changed[index] ^= 0x01
            #expect(!isBelieved(changed), "byte \(index)")
        }
    }

    @Test func questionsAreAskedOnceAndFailuresPause() throws {
        let answers = StatusAnswers()
        let chain = try GoodChain()
        let subject = StatusSubject(try chain.leaf.parsed(), issuer: try chain.intermediate.parsed())
        func status(_ time: Int64) -> CertificateStatus { answers.status(of: subject, .url("http://a/"), at: time) }
        guard case .unknown = status(0) else { return #expect(Bool(false), "known before it was asked") }
        _ = status(0)
        let taken = answers.take(at: 8)
        #expect(taken.count == 1)
        _ = status(0)
        #expect(answers.take(at: 8).isEmpty, "it is under way")
        answers.fail(taken[0].question, "no route", at: 0)
        _ = status(1)
        #expect(answers.take(at: 8).isEmpty, "pause")
        _ = status(10)
        #expect(answers.take(at: 8).count == 1)
        answers.record(StatusAnswer(verdict: .good, thisUpdate: 10, validUntil: 110), to: taken[0].question)
        #expect(status(20) == .good(until: 60) && answers.take(at: 8).isEmpty)
        _ = status(61)
        #expect(answers.take(at: 8).count == 1, "asked again at half of its life")
        answers.record(
            StatusAnswer(verdict: .revoked(date: 5, reason: .superseded), thisUpdate: 62, validUntil: 70),
            to: taken[0].question)
        guard case .revoked = status(500) else { return #expect(Bool(false), "revoked stays revoked") }
    }
}
