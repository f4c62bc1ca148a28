import Crypto
import SallyportAudit
import Testing

@Suite struct AuditCheckpointTests {
    private let key = AuditKey()
    private let head = AuditHead(sequence: 9, hash: AuditHash(after: .none, [1, 2, 3]))

    @Test func hashIsOverPrefixPreviousAndBody() {
        let expected = SHA256.hash(data: Array("sallyport audit record 1\n".utf8) + [UInt8](repeating: 0, count: 32) + [1, 2, 3])
        #expect(AuditHash(after: .none, [1, 2, 3]).bytes == Array(expected))
        #expect(AuditHash(hexadecimal: head.hash.description) == head.hash)
        #expect(AuditHash(hexadecimal: head.hash.description.uppercased()) == nil)
        #expect(AuditHead(text: head.text) == head)
        #expect(AuditHead(text: "9:") == nil)
        #expect(AuditHead(text: "-9:\(head.hash)") == nil)
    }

    @Test func signatureCoversEveryPart() throws {
        let good = try #require(key.sign(.head, head, at: 77))
        #expect(key.publicKey.hasSigned(good))
        let others = [
            AuditCheckpoint(kind: .anchor, head: head, time: 77, key: good.key, signature: good.signature),
            AuditCheckpoint(kind: .head, head: .init(sequence: 8, hash: head.hash), time: 77, key: good.key, signature: good.signature),
            AuditCheckpoint(kind: .head, head: .init(sequence: 9, hash: .none), time: 77, key: good.key, signature: good.signature),
            AuditCheckpoint(kind: .head, head: head, time: 78, key: good.key, signature: good.signature),
            AuditCheckpoint(kind: .head, head: head, time: 77, key: AuditKey().publicKey.id, signature: good.signature),
            AuditCheckpoint(kind: .head, head: head, time: 77, key: good.key, signature: good.signature.reversed()),
            AuditCheckpoint(kind: .head, head: head, time: 77, key: good.key, signature: []),
        ]
        for other in others { #expect(!key.publicKey.hasSigned(other)) }
    }

    @Test func keysAreKept() throws {
        let again = try #require(AuditKey(raw: key.raw))
        #expect(again.publicKey.id == key.publicKey.id)
        let info = key.publicKey.subjectPublicKeyInfo
        #expect(AuditKey.Public(subjectPublicKeyInfo: info)?.id == key.publicKey.id)
        #expect(AuditKey.Public(subjectPublicKeyInfo: Array(info.dropFirst())) == nil)
        #expect(AuditKey(raw: [1, 2, 3]) == nil)
    }

    @Test func markHasOneLength() throws {
        for sequence in [1, Int64.max] {
            let mark = try #require(key.sign(.mark, AuditHead(sequence: sequence, hash: head.hash), at: sequence))
            let line = AuditMark.line(mark)
            #expect(line.count == AuditMark.length)
            #expect(AuditMark.read(line) == mark)
            for count in 0..<line.count { #expect(AuditMark.read(Array(line[..<count])) == nil) }
        }
    }
}
