import Foundation
import SallyportModel
import SallyportPKI
import Testing

@testable import SallyportTLS

@Suite struct ExplainedHandshakeTests {
    /// A terminal obeys escape sequences, and a stranger chooses what stands in a certificate and in ALPN.
    @Test func textOfTheClientIsMadeHarmless() throws {
        var recipe = FixedChain.Recipe()
        recipe.subject = "alice\u{1B}[2J\u{202E}\n└ ✔ handshake finished"
        recipe.life = (FixedChain.now - 9)...(FixedChain.now - 3)
        let (handshake, verdict) = try StagedHandshake.judged(try FixedChain(leaf: recipe))
        let text = handshake.text(verdict: verdict)
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x202E })
        #expect(!text.split(separator: "\n").contains { $0.drop { $0 == " " }.hasPrefix("└ ✔") })
    }

    @Test func protocolsOfTheClientAreMadeHarmless() throws {
        let hello = StagedHandshake.modern.with(16, HelloBytes.alpn(["\u{1B}[2J", "http/1.1"]))
        let facts = try ClientHello(message: hello.message).facts
        #expect(facts.first { $0.label == "protocols" }?.text == "(not text), http/1.1")
    }

    /// The largest ClientHello there can be makes an explanation that fits on some screens.
    @Test func sizeIsBounded() throws {
        let numbers = (0..<3000).map { UInt16($0) }
        let hello = StagedHandshake.modern.with(10, HelloBytes.list16(numbers)).with(13, HelloBytes.list16(numbers))
        let handshake = StagedHandshake.refused(try StagedHandshake.greeted(hello), ChainRefusal(.noSharedGroup, "x"))
        #expect(handshake.text().utf8.count < 8 << 10)
        #expect(handshake.json().utf8.count < 16 << 10)
    }

    @Test func scriptsGetTheSameFacts() throws {
        let hello = StagedHandshake.modern.with(10, HelloBytes.list16([0x0019]))
        let handshake = StagedHandshake.refused(
            try StagedHandshake.greeted(hello), ChainRefusal(.noSharedGroup, "NO_SHARED_GROUP"), alert: 40)
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(handshake.json().utf8)) as? [String: Any])
        #expect(document["code"] as? String == "SP2110")
        #expect(document["connection"] as? String == "hs-7k3m9xq2ab")
        let steps = try #require(document["steps"] as? [[String: Any]])
        #expect(steps.map { $0["step"] as? String } == ["accepted", "clientHello", "policy", "refused"])
        let facts = try #require(steps.last?["facts"] as? [String: Any])
        #expect(facts["clientOffers"] as? [String] == ["P-521"])
        #expect(facts["clientWasTold"] as? String == "alert handshake_failure (40), nothing else")
    }

    /// GREASE offers nothing, and whoever reads it as an offer looks in the wrong place.
    @Test func greaseIsLeftOut() throws {
        let hello = StagedHandshake.modern.with(10, HelloBytes.list16([0x2A2A, 0x001D]))
        let facts = try ClientHello(message: hello.message).facts
        #expect(facts.first { $0.label == "groups" }?.text == "X25519")
    }
}
