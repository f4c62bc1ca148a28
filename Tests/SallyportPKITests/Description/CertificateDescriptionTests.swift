import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct CertificateDescriptionTests {
    private let now = CertificateFactory.now

    @Test func textSaysWhatMatters() throws {
        let good = try GoodChain()
        let text = CertificateDescription(try good.leaf.parsed()).text(at: now)
        for part in [
            "CN=alice", "CN=Intermediate", "0A1B", "spiffe://test/alice", "24 hours left, 50 % of its life",
            "ECDSA P-256",
            "clientAuth", "2027-01-16 08:00:00Z",
        ] { #expect(text.contains(part), "\(part) is missing in\n\(text)") }
        #expect(
            CertificateDescription(try good.leaf.parsed()).text(at: now + 10 * 86_400).contains("expired 9 days ago"))
    }

    @Test func fingerprintIsThatOfOpenSSL() throws {
        let folder = try TemporaryFolder()
        let made = try CertificateFactory.make(.init())
        try made.der.write(to: folder.path("c.der"))
        let theirs = try Tool.run(
            "openssl", ["x509", "-inform", "DER", "-in", folder.path("c.der"), "-noout", "-fingerprint", "-sha256"])
        let print = try #require(theirs.split(separator: "=").last).trimmingCharacters(in: .newlines)
        #expect(CertificateDescription(try made.parsed()).text(at: now).contains(print))
    }

    @Test func terminalIsSafeFromNames() throws {
        let made = try CertificateFactory.make(.init(subject: "\u{1b}[2Jroot\n"))
        let text = CertificateDescription(try made.parsed()).text(at: now)
        #expect(!text.contains("\u{1b}") && text.contains("SP2218"))
    }

    @Test func jsonIsJSON() throws {
        let made = try CertificateFactory.make(.init())
        let json = CertificateDescription(try made.parsed()).json(at: now)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(object["subject"] as? String == "CN=alice")
        #expect(object["uris"] as? [String] == ["spiffe://test/alice"])
        #expect(object["lifeLeft"] as? Double == 0.5)
    }

    @Test func listIsATable() throws {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        _ = try authority.issueClient(name: "alice", lifetime: .seconds(3600), at: now)
        _ = try authority.issueServer(names: ["localhost"], lifetime: .seconds(86_400), at: now)
        _ = try authority.revoke("localhost", at: now)
        let table = CertificateDescription.table(try authority.issued(), at: now + 7200).split(separator: "\n")
        #expect(table.count == 3)
        #expect(table[1].hasPrefix("alice ") && table[1].contains(" expired "))
        #expect(table[2].hasPrefix("localhost ") && table[2].contains(" revoked "))
        let array = try JSONSerialization.jsonObject(
            with: Data(CertificateDescription.json(try authority.issued()).utf8))
        #expect((array as? [[String: Any]])?.count == 2)
    }
}
