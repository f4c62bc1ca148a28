import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

/// What happens to certificate and key files in real life, and what is made of each.
@Suite struct CredentialFaultTests {
    private let now = CertificateFactory.now

    private struct Files {
        let folder: TemporaryFolder
        let good: GoodChain
        var certificate: [UInt8]
        var key: [UInt8]

        init() throws {
            folder = try TemporaryFolder()
            good = try GoodChain()
            certificate = Self.pem(good.presented)
            key = Array(try good.leaf.key.serializeAsPEM().pemString.utf8)
        }

        static func pem(_ der: [[UInt8]]) -> [UInt8] { Array(PEMBlock.encode(der, label: PEMBlock.certificate).utf8) }

        func read(at now: Int64) throws -> CredentialPair {
            try certificate.write(to: folder.path("c.pem"))
            try key.write(to: folder.path("k.pem"))
            return try CredentialPair(
                chain: PEMFile.certificates(at: folder.path("c.pem")),
                key: PEMFile.privateKey(at: folder.path("k.pem")), source: folder.path("c.pem"), at: now)
        }
    }

    private func refusal(_ change: (inout Files) throws -> Void) throws -> Reason? {
        var files = try Files()
        try change(&files)
        do {
            _ = try files.read(at: now)
            return nil
        } catch let error as PKIError {
            return error.reason
        }
    }

    @Test func whatEditorsAndOtherSystemsDoIsHarmless() throws {
        let changes: [(inout Files) -> Void] = [
            { $0.certificate += Array("\n\n".utf8) }, { $0.key += Array("  \n".utf8) },
            { $0.certificate = [0xef, 0xbb, 0xbf] + $0.certificate },
            { $0.certificate = Array(String(decoding: $0.certificate, as: UTF8.self).replacing("\n", with: "\r\n").utf8) },
            { $0.key = Array(String(decoding: $0.key, as: UTF8.self).replacing("\n", with: "\r\n").utf8) },
            { $0.certificate = Array("subject=CN = alice\n".utf8) + $0.certificate },
            { $0.certificate.removeLast() },
        ]
        for change in changes { #expect(try refusal(change) == nil) }
    }

    @Test func whatIsBrokenIsRefusedByItsReason() throws {
        let cases: [(Reason, (inout Files) throws -> Void)] = [
            (.pemMalformed, { $0.certificate = Array($0.certificate.prefix(300)) }),
            (.pemMalformed, { $0.key = Array($0.key.prefix(80)) }),
            (.certificateFileEmpty, { $0.certificate = [] }),
            (.privateKeyUnusable, { $0.key = [] }),
            (.certificateFileEmpty, { swap(&$0.certificate, &$0.key) }),
            (.privateKeyMismatch, { $0.key = Array(try PrivateKey.generate().pem.utf8) }),
            (.privateKeyMismatch, { $0.certificate = Files.pem($0.good.presented.reversed()) }),
            (.certificateFileUnusable, { $0.certificate += Files.pem([[0x30, 0x03, 1, 1, 0]]) }),
            (.pemMalformed, { $0.certificate += Array(PEMBlock.encode([[1]], label: "X509 CRL").utf8) }),
            (.certificateFileUnreadable, { $0.certificate += [UInt8](repeating: 0x20, count: PEMFile.maximumBytes) }),
        ]
        for (reason, change) in cases { #expect(try refusal(change) == reason, "\(reason.name)") }
    }

    @Test func folderAndMissingFileAreRefused() throws {
        for path in ["/tmp", "/tmp/there/is/no/such.pem"] {
            let error = #expect(throws: PKIError.self) { try PEMFile.certificates(at: path) }
            #expect(error?.reason == .certificateFileUnreadable)
        }
    }

    // MARK: chains

    private func pair(_ chain: [CertificateFactory.Made], _ good: GoodChain) throws -> CredentialPair {
        let key = try PEMFile.privateKey(in: Array(good.leaf.key.serializeAsPEM().pemString.utf8), source: "k")
        return try CredentialPair(chain: chain.map { try $0.parsed() }, key: key, source: "c.pem", at: now)
    }

    @Test func chainIsPutInOrder() throws {
        let root = try CertificateFactory.make(.authority("Root"))
        let upper = try CertificateFactory.make(.authority("Upper"), by: root)
        let lower = try CertificateFactory.make(.authority("Lower"), by: upper)
        let leaf = try CertificateFactory.make(.init(), by: lower)
        let good = try GoodChain()
        let key = try PEMFile.privateKey(in: Array(leaf.key.serializeAsPEM().pemString.utf8), source: "k")
        func pair(_ chain: [CertificateFactory.Made]) throws -> CredentialPair {
            try CredentialPair(chain: chain.map { try $0.parsed() }, key: key, source: "c.pem", at: now)
        }
        let ordered = [leaf.der, lower.der, upper.der, root.der]
        #expect(try pair([leaf, lower, upper, root]).findings.isEmpty)
        for disordered in [[leaf, root, lower, upper], [leaf, upper, lower, root]] {
            let result = try pair(disordered)
            #expect(result.chain.map(\.der) == ordered)
            #expect(result.findings.map(\.reason) == [.certificateChainDisordered])
        }
        let doubled = try pair([leaf, lower, leaf, lower, upper])
        #expect(doubled.chain.map(\.der) == [leaf.der, lower.der, upper.der])
        #expect(doubled.findings.map(\.reason) == [.certificateTwice, .certificateTwice])
        let stranger = try pair([leaf, good.root, lower])
        #expect(stranger.chain.map(\.der) == [leaf.der, lower.der])
        #expect(stranger.findings.map(\.reason) == [.certificateChainDisordered, .certificateChainDisordered])
    }

    @Test func expiredIntermediateIsRefused() throws {
        var recipe = CertificateFactory.Recipe.authority("Intermediate")
        recipe.notAfter = now - 1
        let good = try GoodChain(intermediate: recipe)
        let error = #expect(throws: PKIError.self) { try pair([good.leaf, good.intermediate], good) }
        #expect(error?.reason == .certificateFileUnusable)
    }
}
