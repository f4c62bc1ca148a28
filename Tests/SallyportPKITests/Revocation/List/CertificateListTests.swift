import Crypto
import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportPKI

/// Lists written by our own writer and by hand, read, looked up in, and attacked.
@Suite struct CertificateListTests {
    private static let now = CertificateFactory.now
    private static let day = CertificateFactory.day

    private func write(
        _ serials: [[UInt8]], by issuer: CertificateFactory.Made, number: Int = 1, from: Int64 = now - day,
        to: Int64 = now + day, reason: RevocationReason = .unspecified
    ) throws -> [UInt8] {
        let key = try PrivateKey(
            block: PEMBlock(label: "PRIVATE KEY", der: issuer.key.serializeAsPEM().derBytes, line: 1), source: "test")
        let revoked = try serials.map {
            CertificateListWriter.Revoked(
                serial: try #require(SerialNumber($0)), date: Self.now - 5, reason: reason)
        }
        return try CertificateListWriter(
            issuer: issuer.parsed(), key: key, thisUpdate: from, nextUpdate: to, number: number
        ).write(revoked)
    }

    private func view(
        _ lists: [CertificateList], _ policy: RevocationPolicy = RevocationPolicy(hasLists: true)
    ) -> RevocationFeed {
        RevocationFeed(
            RevocationView(policies: ["test": policy], lists: ["test": lists.map { ($0, "test.crl") }]))
    }

    private func verify(
        _ chain: GoodChain, _ feed: RevocationFeed, at time: Int64 = now
    ) throws -> Result<VerifiedChain, ChainRefusal> {
        ChainVerifier(
            anchors: [TrustAnchor(authority: "test", certificate: try chain.root.parsed())], revocation: feed,
            purpose: .client, maxDepth: 3
        ).verify(chain: chain.presented, at: time)
    }

    @Test func whatIsListedIsRefusedAndNothingElse() throws {
        let chain = try GoodChain()
        let empty = try CertificateListReader.list(der: write([], by: chain.intermediate))
        #expect(try verify(chain, view([empty])).chain != nil)
        let listing = try CertificateListReader.list(
            der: write([[0x0a, 0x1b], [0x7f]], by: chain.intermediate, reason: .keyCompromise))
        #expect(listing.count == 2)
        let refusal = try #require(try verify(chain, view([listing])).refusal)
        #expect(refusal.reason == .certificateRevoked && refusal.detail.contains("keyCompromise"))
        let other = try CertificateListReader.list(der: write([[0x0a, 0x1c]], by: chain.intermediate))
        #expect(try verify(chain, view([other])).chain != nil)
    }

    @Test func anIntermediateIsLookedUpInTheListOfItsOwnIssuer() throws {
        let chain = try GoodChain()
        let leaves = try CertificateListReader.list(der: write([], by: chain.intermediate))
        let intermediates = try CertificateListReader.list(der: write([[0x77]], by: chain.root))
        #expect(try verify(chain, view([leaves, intermediates])).refusal?.reason == .certificateRevoked)
        #expect(try verify(chain, view([leaves])).chain != nil, "no list of the root, so the intermediate is not looked up")
        let onlyRoot = try CertificateListReader.list(der: write([], by: chain.root))
        #expect(try verify(chain, view([onlyRoot])).refusal?.reason == .certificateStatusUnknown)
    }

    @Test func forgedListsSayNothing() throws {
        let chain = try GoodChain()
        var impostor = CertificateFactory.Recipe.authority("Intermediate")
        impostor.serial = [0x55]
        let forger = try CertificateFactory.make(impostor)
        let forged = try CertificateListReader.list(der: write([], by: forger))
        #expect(forged.issuer == (try chain.intermediate.parsed().envelope.subject))
        #expect(try verify(chain, view([forged])).refusal?.reason == .certificateStatusUnknown)
        let anchors = [TrustAnchor(authority: "test", certificate: try chain.root.parsed())]
        var root = CertificateFactory.Recipe.authority("Root")
        root.serial = [0x56]
        let forgedRoot = try CertificateListReader.list(der: write([], by: CertificateFactory.make(root)))
        let fault = #expect(throws: RevocationFault.self) {
            try ListAcceptance.check(forgedRoot, replacing: [], anchors: anchors)
        }
        #expect(fault?.reason == .revocationListForged)
    }

    @Test func aListOutOfDateRevokesButDoesNotAcquit() throws {
        let chain = try GoodChain()
        let old = try CertificateListReader.list(
            der: write([[0x0a, 0x1b]], by: chain.intermediate, from: Self.now - 9, to: Self.now - 1))
        #expect(try verify(chain, view([old])).refusal?.reason == .certificateRevoked)
        let silent = try CertificateListReader.list(
            der: write([], by: chain.intermediate, from: Self.now - 9, to: Self.now - 1))
        #expect(try verify(chain, view([silent])).refusal?.reason == .certificateStatusUnknown)
        let lax = RevocationPolicy(hasLists: true, whenStatusUnknown: .allow)
        #expect(try verify(chain, view([silent], lax)).chain != nil)
        #expect(try verify(chain, view([old], lax)).refusal?.reason == .certificateRevoked)
        let young = try CertificateListReader.list(der: write([], by: chain.intermediate))
        let strict = RevocationPolicy(hasLists: true, maximumAge: 3600)
        #expect(try verify(chain, view([young], strict)).refusal?.reason == .certificateStatusUnknown)
        let early = try CertificateListReader.list(
            der: write([], by: chain.intermediate, from: Self.now + 301, to: Self.now + 900))
        #expect(try verify(chain, view([early])).refusal?.reason == .certificateStatusUnknown)
    }

    @Test func theNewestOfASeriesCounts() throws {
        let chain = try GoodChain()
        let older = try CertificateListReader.list(der: write([], by: chain.intermediate, number: 255))
        let newer = try CertificateListReader.list(der: write([[0x0a, 0x1b]], by: chain.intermediate, number: 256))
        #expect(try verify(chain, view([newer, older])).refusal?.reason == .certificateRevoked)
        #expect(older.isOlder(than: newer) && !newer.isOlder(than: older))
        let fault = #expect(throws: RevocationFault.self) {
            try ListAcceptance.check(older, replacing: [newer], anchors: [])
        }
        #expect(fault?.reason == .revocationListOlder)
    }

    @Test func aMissingDeltaMakesTheStatusUnknown() throws {
        let chain = try GoodChain()
        let base = try CertificateListReader.list(der: write([], by: chain.intermediate))
        let policy = RevocationPolicy(hasLists: true, hasDelta: true)
        #expect(try verify(chain, view([base], policy)).refusal?.reason == .certificateStatusUnknown)
    }

    @Test func everyPrefixAndEveryTailIsRefused() throws {
        let der = try write([[1], [2]], by: GoodChain().intermediate, reason: .superseded)
        for length in der.indices {
            #expect(throws: RevocationFault.self) { try CertificateListReader.list(der: Array(der[..<length])) }
        }
        #expect(throws: RevocationFault.self) { try CertificateListReader.list(der: der + [0]) }
        #expect(throws: RevocationFault.self) { try CertificateListReader.list(der: der + der) }
    }

    /// Whatever is changed, the list is refused or no longer signed.
    @Test func everyChangedByteIsNoticed() throws {
        let issuer = try GoodChain().intermediate
        let key = try issuer.parsed().envelope.publicKeyInfo
        let der = try write([[1], [2]], by: issuer, reason: .superseded)
        for index in der.indices {
            var changed = der
            changed[index] ^= 0x01
            do throws(RevocationFault) {
                #expect(!(try CertificateListReader.list(der: changed).proof.isMade(by: key)), "byte \(index)")
            } catch {
                #expect(!error.detail.isEmpty)
            }
        }
    }

    @Test func boundsHold() throws {
        let der = try write((1...20).map { [$0] }, by: GoodChain().intermediate)
        let few = #expect(throws: RevocationFault.self) {
            try CertificateListReader.list(der: der, limits: RevocationLimits(listEntries: 19))
        }
        #expect(few?.reason == .revocationListTooLarge)
        let short = #expect(throws: RevocationFault.self) {
            try CertificateListReader.list(der: der, limits: RevocationLimits(listBytes: der.count - 1))
        }
        #expect(short?.reason == .revocationListTooLarge)
    }

    @Test func aHundredThousandEntriesAreFound() throws {
        let serials = (0..<100_000).map { (number: Int) -> [UInt8] in [0x40, UInt8(number >> 16), UInt8(number >> 8 & 0xff), UInt8(number & 0xff)] }
        let list = try CertificateListReader.list(der: write(serials, by: GoodChain().intermediate))
        #expect(list.count == 100_000)
        for serial in [serials[0], serials[50_000], serials[99_999]] {
            #expect(list.entries[try #require(SerialNumber(serial))] != nil)
        }
        #expect(list.entries[try #require(SerialNumber([0x41]))] == nil)
    }

    @Test func openSSLReadsAndVerifiesWhatIsWritten() throws {
        let issuer = try GoodChain().root
        let folder = try TemporaryFolder()
        try write([[0x0a, 0x1b]], by: issuer, reason: .keyCompromise).write(to: folder.path("list.crl"))
        try Array(PEMBlock.encode([issuer.der], label: PEMBlock.certificate).utf8).write(to: folder.path("ca.pem"))
        let text = try Tool.run(
            "openssl", ["crl", "-inform", "DER", "-in", folder.path("list.crl"), "-text", "-noout"])
        #expect(text.contains("0A1B") && text.contains("Key Compromise") && text.contains("Version 2"))
    }
}
