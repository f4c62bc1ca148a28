import Foundation
import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportPKI

/// A new intermediate, a new root: who is still accepted, by whom, and until when.
@Suite struct AuthorityRotationTests {
    private let now = Int64(Date().timeIntervalSince1970)
    private let day: Int64 = 86_400

    private struct World {
        let folder: TemporaryFolder
        let state: StateDirectory
        init() throws {
            folder = try TemporaryFolder()
            state = StateDirectory(path: folder.path("s"))
        }
    }

    private func verify(_ chain: [[UInt8]], _ authority: LocalAuthority, at now: Int64) throws -> Reason? {
        try verify(chain, anchors: authority.anchors, revoked: authority.revokedSerials(), at: now)
    }

    private func verify(
        _ chain: [[UInt8]], anchors: [TrustAnchor], revoked: Set<String> = [], at now: Int64
    ) throws -> Reason? {
        let revocation = RevocationFeed(RevocationView(withdrawn: [Builtin.authority: revoked]))
        return ChainVerifier(anchors: anchors, revocation: revocation, purpose: .client, maxDepth: 3)
            .verify(chain: chain, at: now).refusal?.reason
    }

    @Test func intermediateIsReplacedAndTheOldOneStaysGood() throws {
        let world = try World()
        let first = try LocalAuthority.openOrCreate(world.state, at: now)
        let alice = try first.issueClient(name: "alice", at: now)
        let second = try LocalAuthority.rotate(.intermediate, in: world.state, at: now + day)
        #expect(second.intermediate.der != first.intermediate.der && second.root.der == first.root.der)
        let bob = try second.issueClient(name: "bob", at: now + day)
        #expect(bob.chain.count == 2 && bob.chain[1] == second.intermediate.der)
        #expect(try verify(alice.chain, second, at: now + day) == nil)
        #expect(try verify(bob.chain, first, at: now + day) == nil, "whoever trusts the root trusts both")
        #expect(second.former.map(\.kind) == [.intermediate])
        #expect(second.former[0].trustedUntil == alice.facts.notAfter)
    }

    /// The heart of it: a peer that knows only the old root follows the cross certificate.
    @Test func peersThatTrustOnlyTheOldRootGoOn() throws {
        let world = try World()
        let old = try LocalAuthority.openOrCreate(world.state, at: now)
        let alice = try old.issueClient(name: "alice", at: now)
        let new = try LocalAuthority.rotate(.root, in: world.state, at: now)
        #expect(new.root.der != old.root.der && new.anchors.count == 2)
        let fresh = try new.issueClient(name: "bob", at: now)
        #expect(fresh.chain.count == 3)
        #expect(try verify(fresh.chain, anchors: old.anchors, at: now) == nil)
        let onlyNew = [TrustAnchor(authority: Builtin.authority, certificate: new.root)]
        #expect(try verify(fresh.chain, anchors: onlyNew, at: now) == nil)
        #expect(try verify(alice.chain, new, at: now) == nil)
        #expect(try verify(alice.chain, anchors: onlyNew, at: now) == .certificateIssuerUnknown)
    }

    @Test func openSSLFollowsOldAndNewRoot() throws {
        let world = try World()
        let old = try LocalAuthority.openOrCreate(world.state, at: now)
        let oldRoot = world.folder.path("old.pem")
        let newRoot = world.folder.path("new.pem")
        try Data(PEMBlock.encode([old.root.der], label: PEMBlock.certificate).utf8).write(to: URL(filePath: oldRoot))
        let new = try LocalAuthority.rotate(.root, in: world.state, at: now)
        try Data(PEMBlock.encode([new.root.der], label: PEMBlock.certificate).utf8).write(to: URL(filePath: newRoot))
        let files = try new.store(try new.issueServer(names: ["localhost"], lifetime: .seconds(day), at: now))
        for trust in [oldRoot, newRoot, world.state.rootCertificate] {
            let output = try Tool.run(
                "openssl",
                [
                    "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile",
                    trust, "-untrusted", files.certificate, files.certificate,
                ])
            #expect(output.hasSuffix(": OK\n"), "\(trust)")
        }
    }

    @Test func overlapEndsWithTheLastCertificate() throws {
        let world = try World()
        let old = try LocalAuthority.openOrCreate(world.state, at: now)
        let alice = try old.issueClient(name: "alice", lifetime: .seconds(10 * day), at: now)
        _ = try LocalAuthority.rotate(.root, in: world.state, at: now)
        let during = try LocalAuthority.open(world.state, at: now + 10 * day)
        #expect(during.anchors.count == 2 && during.issuingChain.count == 2)
        let after = try LocalAuthority.openOrCreate(world.state, at: now + 10 * day + 1)
        #expect(after.anchors.count == 1 && after.issuingChain.count == 1)
        #expect(try verify(alice.chain, after, at: now + 10 * day + 1) != nil)
        #expect(
            try LocalAuthority.openOrCreate(world.state, at: now).anchors.count == 2, "a clock set back finds it again")
        let later = try LocalAuthority.openOrCreate(world.state, at: now + 100 * day)
        #expect(later.former.isEmpty)
        #expect(try PEMFile.certificates(at: world.state.rootCertificate).count == 1)
        #expect(try PEMFile.certificates(at: world.state.authorityFile("intermediate.pem")).count == 1)
    }

    @Test func finishingRefusesTheFormerIntermediate() throws {
        let world = try World()
        let first = try LocalAuthority.openOrCreate(world.state, at: now)
        let alice = try first.issueClient(name: "alice", at: now)
        _ = try LocalAuthority.rotate(.intermediate, in: world.state, at: now)
        let bob = try first.issueClient(name: "bob", at: now)
        let open = try LocalAuthority.open(world.state, at: now)
        #expect(try open.endedByFinishing(at: now).map(\.name) == ["alice"], "bob's is from the new one already")
        let finished = try LocalAuthority.finishRotation(in: world.state, at: now)
        #expect(try verify(alice.chain, finished, at: now) == .certificateRevoked)
        #expect(try verify(bob.chain, finished, at: now) == nil)
        #expect(finished.former.map { $0.state(at: now) } == [.withdrawn])
        let again = try LocalAuthority.finishRotation(in: world.state, at: now + day)
        #expect(again.former.map(\.isWithdrawn) == [true], "withdrawn until it has expired")
        #expect(try verify(alice.chain, again, at: now + day) == .certificateRevoked)
    }

    @Test func finishingForgetsTheFormerRoot() throws {
        let world = try World()
        let first = try LocalAuthority.openOrCreate(world.state, at: now)
        let alice = try first.issueClient(name: "alice", at: now)
        _ = try LocalAuthority.rotate(.root, in: world.state, at: now)
        let refusal = #expect(throws: PKIError.self) { try LocalAuthority.rotate(.root, in: world.state, at: now) }
        #expect(refusal?.reason == .rotationImpossible)
        let finished = try LocalAuthority.finishRotation(in: world.state, at: now)
        #expect(finished.anchors.count == 1 && finished.former.isEmpty && finished.issuingChain.count == 1)
        #expect(try verify(alice.chain, finished, at: now) == .certificateIssuerUnknown)
        #expect(try LocalAuthority.rotate(.root, in: world.state, at: now).anchors.count == 2)
    }

    @Test func intermediateCanBeRotatedWhileARootIsInOverlap() throws {
        let world = try World()
        let old = try LocalAuthority.openOrCreate(world.state, at: now)
        _ = try old.issueClient(name: "alice", at: now)
        _ = try LocalAuthority.rotate(.root, in: world.state, at: now)
        let new = try LocalAuthority.rotate(.intermediate, in: world.state, at: now)
        let bob = try new.issueClient(name: "bob", at: now)
        #expect(try verify(bob.chain, anchors: old.anchors, at: now) == nil)
    }

    // MARK: keys

    @Test func rootKeyMayBeKeptElsewhere() throws {
        let world = try World()
        let first = try LocalAuthority.openOrCreate(world.state, at: now)
        let kept = world.folder.path("offline.key")
        try FileManager.default.moveItem(atPath: world.state.authorityFile("root.key"), toPath: kept)
        _ = try LocalAuthority.openOrCreate(world.state, at: now).issueClient(name: "alice", at: now)
        for part in LocalAuthority.Rotation.allCases {
            let refusal = #expect(throws: PKIError.self) { try LocalAuthority.rotate(part, in: world.state, at: now) }
            #expect(refusal?.reason == .rootKeyMissing)
        }
        let soon = first.intermediate.notAfter - 10 * day
        #expect(try LocalAuthority.openOrCreate(world.state, at: soon).intermediate.der == first.intermediate.der)
        let key = try PEMFile.privateKey(at: kept)
        let second = try LocalAuthority.rotate(.intermediate, in: world.state, rootKey: key, at: now)
        #expect(second.intermediate.der != first.intermediate.der)
        #expect(!FileContents.exists(world.state.authorityFile("root.key")), "it is used, not kept")
        let stranger = try PrivateKey.generate()
        #expect(throws: PKIError.self) {
            try LocalAuthority.rotate(.intermediate, in: world.state, rootKey: stranger, at: now)
        }
    }

    @Test func keysOfFormerAuthoritiesAreGone() throws {
        let world = try World()
        _ = try LocalAuthority.openOrCreate(world.state, at: now)
        let names = ["root.key", "intermediate.key"]
        let old = try names.map { try FileContents.read(world.state.authorityFile($0), limit: 10_000) }
        _ = try LocalAuthority.rotate(.root, in: world.state, at: now)
        for file in try FileManager.default.contentsOfDirectory(atPath: world.state.authorityFolder) {
            let content = try FileContents.read(world.state.authorityFile(file), limit: 1 << 20)
            #expect(!old.contains(content), "\(file)")
            if file.hasSuffix(".key") {
                let rights = try FileManager.default.attributesOfItem(atPath: world.state.authorityFile(file))
                #expect(rights[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    // MARK: time

    /// What replaces an expired authority must not refuse because it has expired.
    @Test func expiredAuthoritiesCanBeReplaced() throws {
        let world = try World()
        let first = try LocalAuthority.openOrCreate(world.state, at: now)
        let afterIntermediate = first.intermediate.notAfter + day
        #expect(throws: PKIError.self) { try LocalAuthority.open(world.state, at: afterIntermediate) }
        #expect(try LocalAuthority.openOrCreate(world.state, at: afterIntermediate).root.der == first.root.der)
        let afterRoot = first.root.notAfter + day
        #expect(throws: PKIError.self) { try LocalAuthority.openOrCreate(world.state, at: afterRoot) }
        #expect(throws: PKIError.self) { try LocalAuthority.rotate(.intermediate, in: world.state, at: afterRoot) }
        let new = try LocalAuthority.rotate(.root, in: world.state, at: afterRoot)
        #expect(try verify(new.issueClient(name: "a", at: afterRoot).chain, new, at: afterRoot) == nil)
        #expect(new.issuingChain.count == 1, "nobody can follow a root that has expired")
    }

    @Test(arguments: [-40, 40]) func clockFortyDaysOffLeavesAUsableAuthority(_ days: Int64) throws {
        let world = try World()
        let authority = try LocalAuthority.openOrCreate(world.state, at: now)
        let alice = try authority.issueClient(name: "alice", lifetime: .seconds(20 * day), at: now)
        _ = try authority.revoke("alice", at: now)
        let bob = try authority.issueClient(name: "bob", lifetime: .seconds(20 * day), at: now)
        let off = now + days * day
        do {
            let then = try LocalAuthority.openOrCreate(world.state, at: off)
            try IssuedRegistry(world.state).compact(at: off)
            _ = try then.issueClient(name: "c", lifetime: .seconds(day), at: off)
        } catch {
            #expect(days < 0 && error.reason == .authorityUnusable)
        }
        let back = try LocalAuthority.openOrCreate(world.state, at: now)
        #expect(try verify(alice.chain, back, at: now) == .certificateRevoked)
        #expect(try verify(bob.chain, back, at: now) == nil)
    }

    // MARK: crashes

    /// Ends a change before each of its steps in turn. The authority is always whole, old or new, and goes on.
    @Test(arguments: ["create", "intermediate", "root", "finish"]) func killAtAnyMomentLeavesAWholeAuthority(
        _ change: String
    ) throws {
        var places: [String] = []
        for steps in 0..<100 {
            let world = try World()
            if change != "create" { _ = try LocalAuthority.openOrCreate(world.state, at: now) } else { try world.state.prepare() }
            if change == "finish" { _ = try LocalAuthority.rotate(.root, in: world.state, at: now) }
            let before = change == "create" ? nil : try LocalAuthority.open(world.state, at: now)
            let alice = try before?.issueClient(name: "alice", at: now)
            guard let place = try interrupted(change, after: steps, world.state) else { break }
            places.append(place)
            let after = try LocalAuthority.openOrCreate(world.state, at: now)
            let fresh = try after.issueClient(name: "bob", at: now)
            #expect(try verify(fresh.chain, after, at: now) == nil, "killed before \(place)")
            if let alice { #expect(try verify(alice.chain, after, at: now) == nil, "killed before \(place)") }
            _ = try LocalAuthority.rotate(.intermediate, in: world.state, at: now)
            let left = try FileManager.default.contentsOfDirectory(atPath: world.state.authorityFolder)
            #expect(Set(left).isSubset(of: Self.known), "killed before \(place): \(left)")
        }
        #expect(places.contains("commit") && places.contains("clean") && places.count >= 6, "\(places)")
    }

    private static let known: Set<String> = [
        "root.pem", "root.key", "intermediate.pem", "intermediate.key", "former.json", "issued.jsonl", "lock",
    ]

    /// The place where it was interrupted; nil when it came to its end first.
    private func interrupted(_ change: String, after steps: Int, _ state: StateDirectory) throws -> String? {
        var left = steps
        var place: String?
        let files = AuthorityFiles(state: state)
        try withoutActuallyEscaping({ (step: String) throws(PKIError) in
            guard left == 0 else {
                left -= 1
                return
            }
            place = step
            throw PKIError(.stateWriteFailed, step, "killed")
        }) { checkpoint in
            let rotation = AuthorityRotation(files: files, now: now, checkpoint: checkpoint)
            do {
                try state.withAuthorityLock { () throws(PKIError) in
                    switch change {
                    case "create": try rotation.create()
                    case "root": try rotation.rotateRoot(of: files.load(at: now))
                    case "finish": try rotation.finish(files.load(at: now))
                    default: try rotation.rotateIntermediate(of: files.load(at: now))
                    }
                }
            } catch {
                guard (error as? PKIError)?.detail == "killed" else { throw error }
            }
        }
        return place
    }

    // MARK: damage

    @Test(arguments: ["root.pem", "intermediate.pem"]) func certificateThatSomebodyAddedIsRefused(_ file: String) throws {
        let world = try World()
        _ = try LocalAuthority.openOrCreate(world.state, at: now)
        let stranger = try CertificateFactory.make(.authority("Stranger")).parsed()
        let path = world.state.authorityFile(file)
        let text = try FileContents.read(path, limit: 1 << 20)
        try (text + Array(PEMBlock.encode([stranger.der], label: PEMBlock.certificate).utf8)).write(to: path)
        let refusal = #expect(throws: PKIError.self) { try LocalAuthority.open(world.state, at: now) }
        #expect(refusal?.reason == .authorityUnusable)
    }

    @Test func damagedMemoryOfFormerOnesIsRefused() throws {
        let world = try World()
        _ = try LocalAuthority.openOrCreate(world.state, at: now)
        _ = try LocalAuthority.rotate(.root, in: world.state, at: now)
        let path = world.state.authorityFile("former.json")
        for bad in ["", "{}", #"{"version": 2, "former": []}"#, #"{"version": 1, "former": []}"#] {
            try Array(bad.utf8).write(to: path)
            #expect(throws: PKIError.self, "\(bad)") { try LocalAuthority.open(world.state, at: now) }
        }
    }
}
