import Crypto
import CryptoExtras
import SallyportModel
import SwiftASN1
import Testing
import X509

@testable import SallyportPKI

@Suite struct ChainVerifierTests {
    typealias Recipe = CertificateFactory.Recipe
    private let now = CertificateFactory.now
    private let day = CertificateFactory.day

    @Test func goodChainGivesFactsAuthorityAndEarliestEnd() throws {
        let good = try GoodChain()
        let chain = try good.verify().get()
        #expect(chain.facts.commonName == "alice")
        #expect(chain.facts.uris == ["spiffe://test/alice"])
        #expect(chain.facts.serial == "0A1B")
        #expect(chain.authority == "test")
        #expect(chain.intermediates == [good.intermediate.der])
        #expect(chain.validUntil == now + day)
        #expect(chain.pathDescription == "CN=alice ← CN=Intermediate ← CN=Root (test)")
    }

    /// What is wrong with the leaf, and the reason it must be refused for.
    private static let badLeaves: [(String, Reason, @Sendable (inout Recipe) -> Void)] = [
        ("expired", .certificateExpired, { $0.notAfter = CertificateFactory.now - 1 }),
        ("not yet valid", .certificateNotYetValid, { $0.notBefore = CertificateFactory.now + 1 }),
        ("version 1", .certificateVersionUnsupported, { $0.version = .v1 }),
        ("serial zero", .certificateSerialInvalid, { $0.serial = [0] }),
        ("serial of 21 octets", .certificateSerialInvalid, { $0.serial = [UInt8](repeating: 1, count: 21) }),
        (
            "authority as leaf", .certificateIsAuthority,
            { $0.basicConstraints = .isCertificateAuthority(maxPathLength: nil) }
        ),
        ("server usage", .certificateUsageForbidden, { $0.usages = [.serverAuth] }),
        ("any usage", .certificateUsageForbidden, { $0.usages = [.any] }),
        ("no extended usage", .certificateUsageForbidden, { $0.usages = nil }),
        ("no digitalSignature", .certificateUsageForbidden, { $0.keyUsage = KeyUsage(keyAgreement: true) }),
        (
            "keyCertSign", .certificateExtensionInvalid,
            { $0.keyUsage = KeyUsage(digitalSignature: true, keyCertSign: true) }
        ),
        (
            "constraints in a leaf", .certificateExtensionInvalid,
            { $0.constraints = NameConstraints(permittedDNSDomains: ["a.example"]) }
        ),
        ("empty alternative names", .certificateExtensionInvalid, { $0.names = [] }),
        ("NUL in DNS name", .certificateNamesUnreadable, { $0.names = [.dnsName("good.example\0.evil.example")] }),
        ("blank in DNS name", .certificateNamesUnreadable, { $0.names = [.dnsName("a b.example")] }),
        ("trailing dot", .certificateNamesUnreadable, { $0.names = [.dnsName("a.example.")] }),
        ("address as DNS name", .certificateNamesUnreadable, { $0.names = [.dnsName("10.0.0.1")] }),
        ("URI without scheme", .certificateNamesUnreadable, { $0.names = [.uniformResourceIdentifier("no scheme")] }),
        ("newline in URI", .certificateNamesUnreadable, { $0.names = [.uniformResourceIdentifier("spiffe://a/b\nc")] }),
        (
            "two SPIFFE IDs", .certificateNamesUnreadable,
            {
                $0.names = [.uniformResourceIdentifier("spiffe://a/b"), .uniformResourceIdentifier("spiffe://a/c")]
            }
        ),
        (
            "SPIFFE ID in capitals", .certificateNamesUnreadable,
            { $0.names = [.uniformResourceIdentifier("SPIFFE://a/b")] }
        ),
        (
            "address of 5 bytes", .certificateNamesUnreadable,
            { $0.names = [.ipAddress(.init(contentBytes: [1, 2, 3, 4, 5]))] }
        ),
        ("control character in name", .certificateNamesUnreadable, { $0.subject = "ali\u{7}ce" }),
        ("NUL in name", .certificateNamesUnreadable, { $0.subject = "alice\0.evil" }),
        ("text direction in name", .certificateNamesUnreadable, { $0.subject = "\u{202e}ecila" }),
        (
            "two common names", .certificateNamesUnreadable,
            {
                $0.distinguishedName = DistinguishedName([
                    .init(.init(type: .RDNAttributeType.commonName, utf8String: "alice")),
                    .init(.init(type: .RDNAttributeType.commonName, utf8String: "bob")),
                ])
            }
        ),
        (
            "unknown critical extension", .certificateExtensionUnknown,
            {
                $0.extra = [.init(oid: [1, 2, 3, 4], critical: true, value: [5, 0])]
            }
        ),
        (
            "SPIFFE ID without path", .certificateWorkloadIdentityInvalid,
            { $0.names = [.uniformResourceIdentifier("spiffe://test")] }
        ),
        (
            "SPIFFE ID and cRLSign", .certificateWorkloadIdentityInvalid,
            { $0.keyUsage = KeyUsage(digitalSignature: true, cRLSign: true) }
        ),
    ]

    @Test(arguments: badLeaves.indices) func badLeafIsRefused(_ index: Int) throws {
        let (name, reason, change) = Self.badLeaves[index]
        var recipe = Recipe()
        change(&recipe)
        let refusal = try GoodChain(leaf: recipe).verify().refusal
        #expect(refusal?.reason == reason, "\(name): \(refusal?.detail ?? "accepted")")
        #expect(refusal?.detail.contains("\0") == false && refusal?.detail.contains("\n") == false)
    }

    /// What is wrong with the intermediate, with a good leaf below it.
    private static let badIntermediates: [(String, Reason, @Sendable (inout Recipe) -> Void)] = [
        ("expired", .certificateIssuerExpired, { $0.notAfter = CertificateFactory.now - 1 }),
        ("not yet valid", .certificateNotYetValid, { $0.notBefore = CertificateFactory.now + 1 }),
        ("version 1", .certificateVersionUnsupported, { $0.version = .v1 }),
        ("no CA", .certificateIssuerNotAuthority, { $0.basicConstraints = .notCertificateAuthority }),
        ("no basicConstraints", .certificateIssuerNotAuthority, { $0.basicConstraints = nil }),
        ("no keyCertSign", .certificateIssuerNotAuthority, { $0.keyUsage = KeyUsage(digitalSignature: true) }),
        ("only for servers", .certificateUsageForbidden, { $0.usages = [.serverAuth] }),
        (
            "unknown critical extension", .certificateExtensionUnknown,
            {
                $0.extra = [.init(oid: [1, 2, 3, 4], critical: true, value: [5, 0])]
            }
        ),
        (
            "policy constraints", .certificatePolicyRequired,
            { $0.extra = [.init(oid: .policyConstraints, critical: false, value: [0x30, 3, 0x80, 1, 0])] }
        ),
        (
            "SPIFFE ID with path", .certificateWorkloadIdentityInvalid,
            { $0.names = [.uniformResourceIdentifier("spiffe://test.example/ca")] }
        ),
        (
            "SPIFFE ID of another trust domain", .certificateWorkloadIdentityInvalid,
            { $0.names = [.uniformResourceIdentifier("spiffe://other.example")] }
        ),
        (
            "malformed SPIFFE ID", .certificateWorkloadIdentityInvalid,
            { $0.names = [.uniformResourceIdentifier("spiffe://Test.example")] }
        ),
        (
            "SPIFFE ID beside another URI", .certificateWorkloadIdentityInvalid,
            {
                $0.names = [
                    .uniformResourceIdentifier("spiffe://test.example"),
                    .uniformResourceIdentifier("https://a.example"),
                ]
            }
        ),
        (
            "constrained URIs", .certificateNameForbidden,
            { $0.constraints = NameConstraints(permittedURIDomains: ["other.example"]) }
        ),
        (
            "excluded URIs", .certificateNameForbidden,
            { $0.constraints = NameConstraints(forbiddenURIDomains: ["test.example"]) }
        ),
        (
            "excluded subject", .certificateNameForbidden,
            {
                $0.constraints = NameConstraints(excludedSubtrees: [
                    .directoryName(
                        DistinguishedName([.init(.init(type: .RDNAttributeType.commonName, utf8String: "ALICE"))]))
                ])
            }
        ),
    ]

    @Test(arguments: badIntermediates.indices) func badIntermediateIsRefused(_ index: Int) throws {
        let (name, reason, change) = Self.badIntermediates[index]
        var recipe = Recipe.authority("Intermediate")
        change(&recipe)
        var leaf = Recipe()
        leaf.names = [.uniformResourceIdentifier("spiffe://test.example/alice")]
        let refusal = try GoodChain(leaf: leaf, intermediate: recipe).verify().refusal
        #expect(refusal?.reason == reason, "\(name): \(refusal?.detail ?? "accepted")")
    }

    @Test func authorityOfTheSameTrustDomainVouches() throws {
        var authority = Recipe.authority("Intermediate")
        authority.names = [.uniformResourceIdentifier("spiffe://test")]
        #expect(try GoodChain(intermediate: authority).verify().chain != nil)
        #expect(try GoodChain(intermediate: authority, root: authority).verify().chain != nil)
        var leaf = Recipe()
        leaf.names = [.dnsName("a.example")]
        #expect(try GoodChain(leaf: leaf, intermediate: authority).verify().chain != nil)
    }

    @Test func rootIsHeldToWhatItSays() throws {
        var policies = Recipe.authority("Root")
        policies.extra = [.init(oid: .policyConstraints, critical: false, value: [0x30, 3, 0x80, 1, 0])]
        #expect(try GoodChain(root: policies).verify().refusal?.reason == .certificatePolicyRequired)
        var other = Recipe.authority("Root")
        other.names = [.uniformResourceIdentifier("spiffe://other")]
        #expect(try GoodChain(root: other).verify().refusal?.reason == .certificateWorkloadIdentityInvalid)
        var zero = Recipe.authority("Root")
        zero.serial = [0]
        #expect(try GoodChain(root: zero).verify().chain != nil, "older than the rule")
        var expired = Recipe.authority("Root")
        expired.notAfter = now - 1
        #expect(try GoodChain(root: expired).verify().refusal?.reason == .certificateIssuerExpired)
        #expect(
            try GoodChain(root: .authority("Root", pathLength: 0)).verify().refusal?.reason == .certificatePathTooLong)
        var first = Recipe.authority("Root")
        first.version = .v1
        #expect(try GoodChain(root: first).verify().chain != nil, "a root of version 1 is trusted as it stands")
    }

    @Test func depthIsLimited() throws {
        let good = try GoodChain()
        let refusal = try good.verifier(maxDepth: 0).verify(chain: good.presented, at: now).refusal
        #expect(refusal?.reason == .certificatePathTooLong)
    }

    @Test func unknownIssuerIsNamed() throws {
        let good = try GoodChain()
        let other = try GoodChain()
        let refusal = try other.verifier().verify(chain: [good.leaf.der], at: now).refusal
        #expect(refusal?.reason == .certificateIssuerUnknown)
        #expect(refusal?.detail.contains("CN=Intermediate") == true)
        #expect(refusal?.subject == "CN=alice")
        #expect(refusal?.issuer == "CN=Intermediate")
        #expect(refusal?.serial == "0A1B")
    }

    @Test func authorityOfTheSameNameWithAnotherKeyIsNoIssuer() throws {
        let good = try GoodChain()
        let impostor = try GoodChain()
        let refusal = try good.verifier().verify(chain: impostor.presented, at: now).refusal
        #expect(refusal?.reason == .certificateSignatureInvalid)
    }

    @Test func ordinaryCertificateCannotIssue() throws {
        let good = try GoodChain()
        let forged = try CertificateFactory.make(.init(subject: "admin"), by: good.leaf)
        let refusal = try good.verifier().verify(chain: [forged.der] + good.presented, at: now).refusal
        #expect(refusal?.reason == .certificateIssuerNotAuthority)
    }

    @Test func selfSignedLeafIsRefusedEvenWhenItIsAnAnchor() throws {
        let lonely = try CertificateFactory.make(.init())
        let verifier = ChainVerifier(
            anchors: [TrustAnchor(authority: "test", certificate: try lonely.parsed())], purpose: .client, maxDepth: 3)
        #expect(verifier.verify(chain: [lonely.der], at: now).refusal?.reason == .certificateSelfSigned)
    }

    @Test func orderOfIntermediatesDoesNotMatter() throws {
        let root = try CertificateFactory.make(.authority("Root"))
        let first = try CertificateFactory.make(.authority("First"), by: root)
        let second = try CertificateFactory.make(.authority("Second"), by: first)
        let leaf = try CertificateFactory.make(.init(), by: second)
        let stranger = try CertificateFactory.make(.authority("Stranger"))
        let verifier = ChainVerifier(
            anchors: [TrustAnchor(authority: "test", certificate: try root.parsed())], purpose: .client, maxDepth: 3)
        let presented = [leaf.der, stranger.der, first.der, root.der, second.der]
        #expect(verifier.verify(chain: presented, at: now).chain?.intermediates == [second.der, first.der])
    }

    @Test func revokedLeafAndIntermediateAreRefused() throws {
        let good = try GoodChain()
        for serial in ["0A1B", "77"] {
            let verifier = try good.verifier(revoked: ["test": [serial]])
            #expect(verifier.verify(chain: good.presented, at: now).refusal?.reason == .certificateRevoked)
        }
        let elsewhere = try good.verifier(revoked: ["other": ["0A1B"]])
        #expect(elsewhere.verify(chain: good.presented, at: now).chain != nil)
    }

    @Test func tooMuchIsRefusedUnread() throws {
        let good = try GoodChain()
        let verifier = try good.verifier()
        let garbage = [UInt8](repeating: 0xff, count: 10)
        let many = [good.leaf.der] + [[UInt8]](repeating: garbage, count: 10)
        #expect(verifier.verify(chain: many, at: now).refusal?.reason == .certificateChainTooLarge)
        let large = [good.leaf.der, [UInt8](repeating: 0xff, count: 64 << 10)]
        #expect(verifier.verify(chain: large, at: now).refusal?.reason == .certificateChainTooLarge)
        #expect(verifier.verify(chain: [], at: now).refusal?.reason == .certificateMalformed)
        #expect(verifier.verify(chain: [[]], at: now).refusal?.reason == .certificateMalformed)
    }

    @Test func hundredIntermediatesStopAtTheBudget() throws {
        let subjects = (0..<100).map { _ in Recipe.authority("Same") }
        var made: [CertificateFactory.Made] = [try CertificateFactory.make(subjects[0])]
        for recipe in subjects.dropFirst() {
            made.append(try CertificateFactory.make(recipe, by: made[made.count - 1]))
        }
        let leaf = try CertificateFactory.make(.init(), by: made[99])
        let good = try GoodChain()
        let budget = VerificationBudget(certificates: 200, bytes: 1 << 20, steps: 200, signatures: 100)
        let verifier = try good.verifier(maxDepth: 200, budget: budget)
        let refusal = verifier.verify(chain: [leaf.der] + made.map(\.der), at: now).refusal
        #expect(refusal?.reason == .certificateBudgetExceeded)
    }

    @Test func weakAlgorithmsAndKeysAreRefused() throws {
        let rsa = Certificate.PrivateKey(try _RSA.Signing.PrivateKey(keySize: .bits2048))
        var root = Recipe.authority("Root")
        root.key = rsa
        var intermediate = Recipe.authority("Intermediate")
        intermediate.algorithm = .sha1WithRSAEncryption
        #expect(
            try GoodChain(intermediate: intermediate, root: root).verify().refusal?.reason
                == .certificateAlgorithmForbidden)
        intermediate.algorithm = .sha256WithRSAEncryption
        #expect(try GoodChain(intermediate: intermediate, root: root).verify().chain != nil)
        let edwards = Certificate.PrivateKey(Curve25519.Signing.PrivateKey())
        #expect(try GoodChain(leaf: .init(key: edwards)).verify().chain != nil)
    }

    @Test func serverNeedsItsName() throws {
        var recipe = Recipe()
        recipe.usages = [.serverAuth]
        recipe.names = [
            .dnsName("Orders.Internal.Example"), .dnsName("*.pods.example"), .dnsName("*.example"),
            .ipAddress(.init(contentBytes: [10, 0, 0, 1])),
        ]
        let good = try GoodChain(leaf: recipe)
        let accepted = ["orders.internal.example", "ORDERS.internal.example.", "a.pods.example", "10.0.0.1"]
        let refused = ["internal.example", "a.b.pods.example", "pods.example", "x.example", "10.0.0.2", "alice"]
        for name in accepted + refused {
            let purpose = Purpose.server(try #require(ServerName(name)))
            let reason = try good.verify(purpose: purpose).refusal?.reason
            #expect(reason == (accepted.contains(name) ? nil : .certificateNameMismatch), "\(name)")
        }
    }
}

/// What a verifier remembers makes it faster and never kinder.
@Suite struct IntermediateMemoryTests {
    private let now = CertificateFactory.now

    @Test func rememberedIntermediateIsCheckedEachTime() throws {
        var short = CertificateFactory.Recipe.authority("Intermediate")
        short.notAfter = now + 10
        let good = try GoodChain(intermediate: short)
        let verifier = try good.verifier()
        #expect(verifier.verify(chain: good.presented, at: now).chain != nil)
        #expect(verifier.verify(chain: good.presented, at: now).chain != nil)
        #expect(verifier.verify(chain: good.presented, at: now + 11).refusal?.reason == .certificateIssuerExpired)
        let forged = try CertificateFactory.make(.init(), by: CertificateFactory.make(.authority("Intermediate")))
        let refusal = verifier.verify(chain: [forged.der, good.intermediate.der], at: now).refusal
        #expect(refusal?.reason == .certificateSignatureInvalid)
    }

    @Test func onlyGoodPathsAreRemembered() throws {
        let good = try GoodChain()
        let impostor = try GoodChain()
        let verifier = try good.verifier()
        _ = verifier.verify(chain: impostor.presented, at: now)
        #expect(verifier.memory.certificate(der: impostor.intermediate.der) == nil)
        _ = verifier.verify(chain: good.presented, at: now)
        let known = try #require(verifier.memory.certificate(der: good.intermediate.der))
        #expect(verifier.memory.knows(known, signedBy: try good.root.parsed()))
        #expect(!verifier.memory.knows(known, signedBy: try impostor.root.parsed()))
    }
}
