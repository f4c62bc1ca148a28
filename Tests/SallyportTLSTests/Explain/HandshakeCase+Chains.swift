import SallyportModel
import SallyportPKI
import X509

@testable import SallyportTLS

extension HandshakeCase {
    /// Client certificates that are not accepted.
    static let chains: [HandshakeCase] = leaves + issuers + presentations

    private static let leaves: [HandshakeCase] = [
        leaf("expired", .certificateExpired) {
            $0.life = (FixedChain.now - 9 * FixedChain.day)...(FixedChain.now - 3 * FixedChain.day)
        },
        leaf("not-yet-valid", .certificateNotYetValid) {
            $0.life = (FixedChain.now + 3600)...(FixedChain.now + FixedChain.day)
        },
        leaf("usage-is-server", .certificateUsageForbidden) { $0.usages = [.serverAuth] },
        leaf("usage-missing", .certificateUsageForbidden) { $0.usages = nil },
        leaf("key-usage-without-signature", .certificateUsageForbidden) { $0.keyUsage = KeyUsage(keyAgreement: true) },
        leaf("authority-as-client", .certificateIsAuthority) { $0.isAuthority = true },
        leaf("version-1", .certificateVersionUnsupported) { $0.version = .v1 },
        leaf("serial-zero", .certificateSerialInvalid) { $0.serial = [0] },
        leaf("unknown-critical-extension", .certificateExtensionUnknown) {
            $0.extra = [.init(oid: [1, 3, 6, 1, 4, 1, 55555, 1], critical: true, value: [5, 0])]
        },
        leaf("two-spiffe-ids", .certificateNamesUnreadable) {
            $0.names = [
                .uniformResourceIdentifier("spiffe://test.example/alice"),
                .uniformResourceIdentifier("spiffe://test.example/admin"),
            ]
        },
        leaf("name-with-a-line-break", .certificateNamesUnreadable) {
            $0.names = [.uniformResourceIdentifier("spiffe://test.example/a\nlice")]
        },
        leaf("constraints-in-a-client", .certificateExtensionInvalid) {
            $0.constraints = NameConstraints(permittedDNSDomains: ["a.example"])
        },
    ]

    private static let issuers: [HandshakeCase] = [
        issuer("issuer-expired", .certificateIssuerExpired) {
            $0.life = (FixedChain.now - 90 * FixedChain.day)...(FixedChain.now - 2 * FixedChain.day)
        },
        issuer("issuer-is-no-authority", .certificateIssuerNotAuthority) { $0.isAuthority = false },
        issuer("issuer-may-not-sign", .certificateIssuerNotAuthority) {
            $0.keyUsage = KeyUsage(digitalSignature: true)
        },
        issuer("issuer-for-servers-only", .certificateUsageForbidden) { $0.usages = [.serverAuth] },
        issuer("name-not-permitted", .certificateNameForbidden) {
            $0.constraints = NameConstraints(permittedURIDomains: ["other.example"])
        },
        HandshakeCase("path-length-exceeded", .certificatePathTooLong) {
            try StagedHandshake.judged(
                FixedChain(
                    intermediate: .authority("Test Intermediate", serial: 0x22, pathLength: 0),
                    root: .authority("Test Root", serial: 0x11)), below: 1)
        },
        HandshakeCase("chain-too-long", .certificatePathTooLong) { try StagedHandshake.judged(FixedChain(), below: 4) },
        HandshakeCase("issuer-of-the-same-name", .certificateSignatureInvalid) {
            let (ours, theirs) = (try FixedChain(), try FixedChain())
            return try StagedHandshake.judged(
                [try theirs.leaf.der, try ours.intermediate.der], root: try ours.root.der)
        },
    ]

    private static let presentations: [HandshakeCase] = [
        HandshakeCase("unknown-authority", .certificateIssuerUnknown) {
            let stranger = FixedChain.Recipe.authority("Another Intermediate", serial: 0x33)
            let other = FixedChain.Recipe.authority("Another Root", serial: 0x44)
            return try StagedHandshake.judged(
                try FixedChain(intermediate: stranger, root: other).presented, root: try FixedChain().root.der)
        },
        HandshakeCase("intermediate-missing", .certificateIssuerUnknown) {
            let chain = try FixedChain()
            return try StagedHandshake.judged([try chain.leaf.der], root: try chain.root.der)
        },
        HandshakeCase("self-signed", .certificateSelfSigned) {
            let alone = try FixedChain.make(FixedChain.Recipe())
            return try StagedHandshake.judged([try alone.der], root: try FixedChain().root.der)
        },
        HandshakeCase("revoked", .certificateRevoked) {
            let chain = try FixedChain()
            return try StagedHandshake.judged(try chain.presented, root: try chain.root.der, revoked: ["0A11"])
        },
        HandshakeCase("issuer-revoked", .certificateRevoked) {
            let chain = try FixedChain()
            return try StagedHandshake.judged(try chain.presented, root: try chain.root.der, revoked: ["22"])
        },
        HandshakeCase("weak-key", .certificateKeyForbidden) {
            try StagedHandshake.judged([FixedCertificates.weakKey], root: try FixedChain().root.der)
        },
        HandshakeCase("sha-1", .certificateAlgorithmForbidden) {
            try StagedHandshake.judged([FixedCertificates.sha1], root: try FixedChain().root.der)
        },
        HandshakeCase("not-a-certificate", .certificateMalformed) {
            try StagedHandshake.judged([[0x30, 0x03, 0x02, 0x01, 0x00]], root: try FixedChain().root.der)
        },
        HandshakeCase("too-many-certificates", .certificateChainTooLarge) {
            let chain = try FixedChain()
            let many = try chain.presented + Array(repeating: try chain.intermediate.der, count: 9)
            return try StagedHandshake.judged(many, root: try chain.root.der)
        },
        HandshakeCase("too-many-bytes", .certificateChainTooLarge) {
            let chain = try FixedChain()
            return try StagedHandshake.judged(
                try chain.presented, root: try chain.root.der, budget: VerificationBudget(bytes: 100))
        },
        HandshakeCase("too-costly", .certificateBudgetExceeded) {
            let chain = try FixedChain()
            return try StagedHandshake.judged(
                try chain.presented, root: try chain.root.der, budget: VerificationBudget(signatures: 1))
        },
        HandshakeCase("key-not-proved", .clientProofFailed) {
            let refusal = ChainRefusal(
                .clientProofFailed, "BAD_SIGNATURE", subject: "CN=alice", issuer: "CN=Test Intermediate", serial: "0A11"
            )
            return (try accepted(refusal), nil)
        },
        HandshakeCase("resumed-after-expiry", .certificateExpired) {
            let refusal = ChainRefusal(
                .certificateExpired, "in a resumed session: CN=alice (serial 0A11) expired at 2027-01-12 08:00:00Z",
                subject: "CN=alice", issuer: "CN=Test Intermediate", serial: "0A11")
            return (StagedHandshake.refused(try StagedHandshake.answered(), refusal), nil)
        },
        HandshakeCase("resumed-under-other-rules", .resumedIdentityNotValid) {
            let refusal = ChainRefusal(
                .resumedIdentityNotValid, "in a resumed session: no trusted authority has issued it",
                subject: "CN=alice", issuer: "CN=Test Intermediate", serial: "0A11")
            return (StagedHandshake.refused(try StagedHandshake.answered(), refusal), nil)
        },
    ]

    /// The chain was good; what came after was not.
    private static func accepted(_ refusal: ChainRefusal) throws -> ExplainedHandshake {
        var recorder = try StagedHandshake.answered()
        recorder.received(chain: try FixedChain().presented, at: 2_100_000)
        recorder.verified(at: 2_900_000)
        return StagedHandshake.refused(recorder, refusal, alert: 51)
    }

    private static func leaf(
        _ name: String, _ reason: Reason, _ change: @escaping @Sendable (inout FixedChain.Recipe) -> Void
    ) -> HandshakeCase {
        HandshakeCase(name, reason) {
            var recipe = FixedChain.Recipe()
            change(&recipe)
            return try StagedHandshake.judged(try FixedChain(leaf: recipe))
        }
    }

    private static func issuer(
        _ name: String, _ reason: Reason, _ change: @escaping @Sendable (inout FixedChain.Recipe) -> Void
    ) -> HandshakeCase {
        HandshakeCase(name, reason) {
            var recipe = FixedChain.Recipe.authority("Test Intermediate", serial: 0x22)
            change(&recipe)
            return try StagedHandshake.judged(try FixedChain(intermediate: recipe))
        }
    }
}

extension StagedHandshake {
    /// With this many more intermediates between the intermediate and the client.
    fileprivate static func judged(
        _ chain: FixedChain, below count: Int
    ) throws -> (ExplainedHandshake, VerdictTree?) {
        var issuer = chain.intermediate
        var presented = [try issuer.der]
        for level in 0..<count {
            issuer = try FixedChain.make(.authority("Level \(level + 1)", serial: UInt8(0x50 + level)), by: issuer)
            presented.insert(try issuer.der, at: 0)
        }
        let leaf = try FixedChain.make(FixedChain.Recipe(), by: issuer)
        return try judged([try leaf.der] + presented, root: try chain.root.der)
    }
}
