import Foundation
import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct LocalAuthorityTests {
    private let now = Int64(Date().timeIntervalSince1970)
    private let day: Int64 = 86_400

    private func verifier(_ authority: LocalAuthority, _ purpose: Purpose = .client) throws -> ChainVerifier {
        ChainVerifier(
            anchors: authority.anchors, 
            revocation: RevocationFeed(RevocationView(withdrawn: [Builtin.authority: try authority.revokedSerials()])), purpose: purpose,
            maxDepth: 1, profile: .publicAuthority)
    }

    @Test func isMadeOnceAndStays() throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("s"))
        #expect(throws: PKIError.self) { try LocalAuthority.open(state, at: now) }
        let first = try LocalAuthority.openOrCreate(state, at: now)
        let second = try LocalAuthority.openOrCreate(state, at: now)
        let third = try LocalAuthority.open(state, at: now)
        #expect(first.rootFingerprint == second.rootFingerprint && second.intermediate.der == third.intermediate.der)
        #expect(first.root.subject.wholeMatch(of: /CN=Sallyport Root [0-9A-F]{4}/) != nil)
        for name in ["root.key", "intermediate.key"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: state.authorityFile(name))
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func manyAtOnceMakeOne() async throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("s"))
        let now = now
        let fingerprints = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<8 { group.addTask { try LocalAuthority.openOrCreate(state, at: now).rootFingerprint } }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(fingerprints.count == 1)
    }

    @Test func clientIsAcceptedByOurVerifierAndByOpenSSL() throws {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        let issued = try authority.issueClient(name: "alice", dns: ["Alice.Example"], at: now)
        let files = try authority.store(issued)
        let chain = try verifier(authority).verify(chain: issued.chain, at: now).get()
        #expect(chain.authority == Builtin.authority)
        #expect(chain.facts.commonName == "alice")
        #expect(chain.facts.uris == ["spiffe://sallyport.local/client/alice"])
        #expect(chain.facts.dnsNames == ["alice.example"])
        #expect(chain.facts.notAfter == now + 90 * day)
        #expect(
            try verifier(authority, .server(#require(ServerName("alice.example")))).verify(chain: issued.chain, at: now)
                .chain == nil)

        let verified = try Tool.run(
            "openssl",
            [
                "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", authority.state.rootCertificate,
                "-untrusted",
                authority.state.authorityFile("intermediate.pem"), files.certificate,
            ])
        #expect(verified.hasSuffix(": OK\n"))
        #expect(
            try PEMFile.privateKey(at: files.key).matches(#require(PEMFile.certificates(at: files.certificate).first)))
        #expect(try FileManager.default.attributesOfItem(atPath: files.key)[.posixPermissions] as? Int == 0o600)
    }

    @Test func serverIsAcceptedByNameByOpenSSLAndPython() throws {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        let names = ["localhost", "*.demo.example", "127.0.0.1", "::1"]
        let issued = try authority.issueServer(names: names, lifetime: .seconds(day), at: now)
        let files = try authority.store(issued)
        for name in ["localhost", "a.demo.example", "127.0.0.1", "::1"] {
            let purpose = Purpose.server(try #require(ServerName(name)))
            #expect(try verifier(authority, purpose).verify(chain: issued.chain, at: now).chain != nil, "\(name)")
            try Tool.run(
                "openssl",
                [
                    "verify", "-x509_strict", "-purpose", "sslserver",
                    name.contains(where: \.isLetter) ? "-verify_hostname" : "-verify_ip",
                    name, "-CAfile", authority.state.rootCertificate, "-untrusted", files.certificate,
                    files.certificate,
                ])
        }
        #expect(
            try verifier(authority).verify(chain: issued.chain, at: now).refusal?.reason == .certificateUsageForbidden)
        guard Tool.has("python3", ["-c", "import cryptography"]) else { return }
        try Tool.run("python3", ["-c", Self.pythonVerification, authority.state.rootCertificate, files.certificate])
    }

    /// The `cryptography` package follows the rules of the public web's authorities.
    private static let pythonVerification = """
        import sys
        from cryptography import x509
        from cryptography.x509 import verification as v
        root = x509.load_pem_x509_certificates(open(sys.argv[1], 'rb').read())
        leaf, *rest = x509.load_pem_x509_certificates(open(sys.argv[2], 'rb').read())
        b = v.PolicyBuilder().store(v.Store(root))
        b.build_server_verifier(x509.DNSName('localhost')).verify(leaf, rest)
        """

    @Test func serialNumbersDiffer() throws {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        let serials = try (0..<20).map { _ in try authority.issueClient(name: "a", at: now).facts.serial }
        #expect(Set(serials).count == 20 && serials.allSatisfy { $0.count == 40 })
        #expect(try authority.issued().map(\.serial) == serials)
    }

    @Test func revokedIsRefusedAndNotRenewed() throws {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        let first = try authority.issueClient(name: "alice", at: now)
        let second = try authority.issueClient(name: "alice", at: now)
        let bob = try authority.issueClient(name: "bob", at: now)
        #expect(try authority.revoke("alice", at: now).map(\.serial) == [first.facts.serial, second.facts.serial])
        #expect(try authority.revoke("alice", at: now).isEmpty)
        for chain in [first.chain, second.chain] {
            #expect(try verifier(authority).verify(chain: chain, at: now).refusal?.reason == .certificateRevoked)
        }
        #expect(try verifier(authority).verify(chain: bob.chain, at: now).chain != nil)
        let error = #expect(throws: PKIError.self) { try authority.renew("alice", at: now) }
        #expect(error?.reason == .certificateRevoked)

        let withColons = Hexadecimal.text(bob.facts.serial.utf8.map { $0 }).isEmpty ? "" : bob.facts.serial.lowercased()
        #expect(try authority.revoke(withColons, at: now).map(\.name) == ["bob"])
        #expect(throws: PKIError.self) { try authority.revoke("nobody", at: now) }
    }

    @Test func renewalKeepsNamesAndChangesTheKey() throws {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        let old = try authority.issueClient(
            name: "alice", uri: "spiffe://example.org/a", dns: ["a.example"], lifetime: .seconds(day), at: now)
        let new = try authority.renew("alice", at: now + 100)
        #expect(new.facts.uris == old.facts.uris && new.facts.dnsNames == old.facts.dnsNames)
        #expect(new.facts.notAfter == old.facts.notAfter + 100)
        #expect(new.key.pkcs8DER != old.key.pkcs8DER && new.facts.serial != old.facts.serial)
        #expect(throws: PKIError.self) { try authority.renew("nobody", at: now) }
        _ = try authority.issueServer(
            name: "alice", names: ["alice.example", "10.0.0.1"], lifetime: .seconds(day), at: now)
        #expect(throws: PKIError.self) { try authority.renew("alice", at: now) }
        #expect(try authority.renew("alice", kind: .server, at: now).facts.addresses == ["10.0.0.1"])
    }

    @Test func badWishesAreRefused() throws {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        let wishes: [(Reason, () throws -> Any)] = [
            (.certificateNameInvalid, { try authority.issueClient(name: "../root", at: now) }),
            (.certificateNameInvalid, { try authority.issueClient(name: "a", uri: "no uri", at: now) }),
            (.certificateNameInvalid, { try authority.issueClient(name: "a", dns: ["*.example"], at: now) }),
            (.certificateNamesUnreadable, { try authority.issueClient(name: "a", uri: "spiffe://A/..", at: now) }),
            (.certificateNameInvalid, { try authority.issueServer(names: [], lifetime: .seconds(day), at: now) }),
            (.certificateNameInvalid, { try authority.issueServer(names: ["a b"], lifetime: .seconds(day), at: now) }),
            (.certificateLifetimeInvalid, { try authority.issueClient(name: "a", lifetime: .seconds(1), at: now) }),
            (.certificateLifetimeInvalid, { try authority.issueClient(name: "a", lifetime: .seconds(-day), at: now) }),
            (
                .certificateLifetimeInvalid,
                { try authority.issueClient(name: "a", lifetime: .seconds(3000 * day), at: now) }
            ),
            (
                .certificateLifetimeInvalid,
                { try authority.issueClient(name: "a", lifetime: .seconds(Int64.max), at: now) }
            ),
        ]
        for (reason, wish) in wishes {
            let error = #expect(throws: PKIError.self) { try wish() }
            #expect(error?.reason == reason, "\(error?.description ?? "")")
        }
        #expect(try authority.issued().isEmpty, "what was refused is not in the registry")
    }

    @Test func intermediateIsReplacedInTimeAndOldLeavesStayGood() throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("s"))
        let old = try LocalAuthority.openOrCreate(state, at: now)
        let leaf = try old.issueClient(name: "a", lifetime: .seconds(600 * day), at: now)
        let later = now + 560 * day
        let new = try LocalAuthority.openOrCreate(state, at: later)
        #expect(new.intermediate.der != old.intermediate.der && new.root.der == old.root.der)
        #expect(try verifier(new).verify(chain: leaf.chain, at: later).chain != nil)
        #expect(try verifier(new).verify(chain: new.issueClient(name: "b", at: later).chain, at: later).chain != nil)
    }

    /// Damage in `ca/` is an error each time, never a new authority that nobody trusts.
    @Test(arguments: ["root.pem", "intermediate.pem", "intermediate.key", "issued.jsonl", "root.key"])
    func damageIsRefused(_ file: String) throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("s"))
        let authority = try LocalAuthority.openOrCreate(state, at: now)
        _ = try authority.issueClient(name: "a", at: now)
        let good = try FileContents.read(state.authorityFile(file), limit: 1 << 20)
        for bad in [[], Array("garbage\n".utf8), Array(good.dropLast(40)) + [10]]
        where file != "issued.jsonl" || !bad.isEmpty {
            try bad.write(to: state.authorityFile(file))
            #expect(throws: PKIError.self) {
                let authority = try LocalAuthority.openOrCreate(state, at: now + (file == "root.key" ? 600 * day : 0))
                _ = try authority.revokedSerials()
            }
        }
    }

    @Test func lostRootIsNotReplaced() throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("s"))
        _ = try LocalAuthority.openOrCreate(state, at: now)
        let key = try FileContents.read(state.authorityFile("root.key"), limit: 10_000)
        try FileManager.default.removeItem(atPath: state.authorityFile("root.pem"))
        #expect(throws: PKIError.self) { try LocalAuthority.openOrCreate(state, at: now) }
        #expect(try FileContents.read(state.authorityFile("root.key"), limit: 10_000) == key)
    }

    @Test func keyThatOthersMayReadIsRefused() throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("s"))
        _ = try LocalAuthority.openOrCreate(state, at: now)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o640], ofItemAtPath: state.authorityFile("intermediate.key"))
        let error = #expect(throws: PKIError.self) { try LocalAuthority.open(state, at: now) }
        #expect(error?.reason == .stateDirectoryUnsafe)
    }

    @Test func writeThatNeverFinishedIsForgotten() throws {
        let folder = try TemporaryFolder()
        let state = StateDirectory(path: folder.path("s"))
        let authority = try LocalAuthority.openOrCreate(state, at: now)
        _ = try authority.issueClient(name: "a", at: now)
        let whole = try FileContents.read(state.authorityFile("issued.jsonl"), limit: 1 << 20)
        try (whole + Array(#"{"issued":{"certificate":{"na"#.utf8)).write(to: state.authorityFile("issued.jsonl"))
        #expect(try authority.issued().map(\.name) == ["a"])
        _ = try authority.issueClient(name: "b", at: now)
        #expect(try authority.issued().map(\.name) == ["a", "b"])
    }
}
