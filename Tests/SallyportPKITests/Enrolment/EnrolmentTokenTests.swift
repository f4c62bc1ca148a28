import Foundation
import Testing

@testable import SallyportPKI

@Suite struct EnrolmentTokenTests {
    private let state = StateDirectory(path: NSTemporaryDirectory() + "tokens-\(UInt64.random(in: 0 ... .max))")

    private func grant(expiresAt: Int64 = 100, name: String = "shop") -> EnrolmentGrant {
        EnrolmentGrant(kind: .client, name: name, names: [], uri: nil, lifetime: 3600, expiresAt: expiresAt)
    }

    @Test func isGoodOnceAndInTime() throws {
        let tokens = EnrolmentTokens(state)
        let token = try tokens.make(grant(), at: 0)
        #expect(try tokens.grant(of: token, at: 99) == grant())
        #expect(try tokens.grant(of: token, at: 100) == nil)
        #expect(try tokens.claim(token))
        #expect(try !tokens.claim(token))
        #expect(try tokens.grant(of: token, at: 0) == nil)
    }

    @Test func theTokenIsKeptNowhere() throws {
        let tokens = EnrolmentTokens(state)
        let token = try tokens.make(grant(), at: 0)
        for name in try state.files(in: "enrolment") {
            #expect(!name.contains(token))
            let content = try FileContents.read("\(state.path)/enrolment/\(name)", limit: 1 << 20, isPrivate: true)
            #expect(!String(decoding: content, as: UTF8.self).contains(token))
        }
    }

    @Test(arguments: ["", "sallyport-", "../../ca/root", "sallyport-" + String(repeating: "A", count: 43)])
    func otherTextsAreNoTokens(text: String) throws {
        let tokens = EnrolmentTokens(state)
        _ = try tokens.make(grant(), at: 0)
        #expect(try tokens.grant(of: text, at: 0) == nil)
        #expect(try !tokens.claim(text))
    }

    @Test func expiredOnesAreRemoved() throws {
        let tokens = EnrolmentTokens(state)
        _ = try tokens.make(grant(expiresAt: 10), at: 0)
        _ = try tokens.make(grant(), at: 11)
        #expect(try state.files(in: "enrolment").count == 1)
    }

    /// However many there were: those that have expired make room.
    @Test func onlyGoodOnesCountAgainstTheBound() throws {
        let tokens = EnrolmentTokens(state, most: 2)
        for _ in 0..<2 { _ = try tokens.make(grant(expiresAt: 10), at: 0) }
        #expect(throws: PKIError.self) { try tokens.make(grant(), at: 9) }
        _ = try tokens.make(grant(), at: 11)
        #expect(try state.files(in: "enrolment").count == 1)
    }

    @Test func namesAreCheckedWhenItIsMade() {
        let tokens = EnrolmentTokens(state)
        #expect(throws: PKIError.self) { try tokens.make(grant(name: "anyone"), at: 0) }
        #expect(throws: PKIError.self) { try tokens.make(grant(name: "../x"), at: 0) }
    }

    @Test func aDamagedFileIsNoPermission() throws {
        let tokens = EnrolmentTokens(state)
        let token = try tokens.make(grant(), at: 0)
        let file = try #require(try state.files(in: "enrolment").first)
        try StateDirectory.writeAtomically(Array("{}".utf8), to: "\(state.path)/enrolment/\(file)", mode: 0o600)
        #expect(throws: PKIError.self) { try tokens.grant(of: token, at: 0) }
    }
}
