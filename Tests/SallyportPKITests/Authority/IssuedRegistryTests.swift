import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct IssuedRegistryTests {
    private let now = Int64(Date().timeIntervalSince1970)
    private let day: Int64 = 86_400

    private func record(_ number: Int, ends: Int64, life: Int64) throws -> IssuedRecord {
        let json = """
            {"serial": "\(String(number, radix: 16, uppercase: true))", "name": "n\(number)", "kind": "client",
             "notBefore": \(ends - life), "notAfter": \(ends), "uris": [], "dnsNames": [], "addresses": []}
            """
        return try JSONDecoder().decode(IssuedRecord.self, from: Data(json.utf8))
    }

    private func registry(_ folder: TemporaryFolder) throws -> IssuedRegistry {
        let state = StateDirectory(path: folder.path("s"))
        try state.prepare()
        return IssuedRegistry(state)
    }

    @Test func compactionDropsWhatEndedAndKeepsRevocations() throws {
        let folder = try TemporaryFolder()
        let registry = try registry(folder)
        try registry.append(record(1, ends: now - 31 * day, life: 90 * day), at: now)
        try registry.append(record(2, ends: now - 29 * day, life: 90 * day), at: now)
        try registry.append(record(3, ends: now - 2 * day, life: day), at: now)
        try registry.append(record(4, ends: now - 300 * day, life: day), at: now)
        try registry.revoke(serial: "4", reason: .unspecified, at: now)
        try registry.append(record(5, ends: now + day, life: 2 * day), at: now)
        try registry.revoke(serial: "5", reason: .unspecified, at: now - 10)
        try registry.compact(at: now)
        let kept = try registry.records()
        #expect(kept.map(\.serial) == ["2", "4", "5"])
        #expect(kept.map(\.revokedAt) == [nil, now, now - 10])
        try registry.append(record(6, ends: now + day, life: day), at: now)
        #expect(try registry.records().map(\.serial) == ["2", "4", "5", "6"])
        try registry.compact(at: now)
        #expect(try registry.records().map(\.serial) == ["2", "4", "5", "6"])
    }

    /// Certificates of a minute, for two days: the file does not grow with what it has seen.
    @Test func growthIsBounded() throws {
        let folder = try TemporaryFolder()
        let registry = try registry(folder)
        var largest: UInt64 = 0
        for number in 0..<3000 {
            let time = now + Int64(number) * 40
            try registry.append(record(number, ends: time + 60, life: 60), at: time)
            if number.isMultiple(of: 50) {
                let size = try FileManager.default.attributesOfItem(atPath: registry.path)[.size] as? UInt64
                largest = max(largest, try #require(size))
            }
        }
        #expect(largest < UInt64(IssuedRegistry.compactedFrom) + 4096)
        #expect(try registry.records().last?.serial == String(2999, radix: 16, uppercase: true))
    }

    @Test func linesOfAnOlderVersionAreRead() throws {
        let folder = try TemporaryFolder()
        let registry = try registry(folder)
        let line = #"{"issued":{"certificate":{"addresses":[],"dnsNames":[],"kind":"client","name":"a","notAfter":9,"notBefore":1,"serial":"0A","uris":[]}}}"#
        try Array((line + "\n").utf8).write(to: registry.path)
        #expect(try registry.records().map(\.issuer) == [nil])
    }

    @Test func entryOfCompactionStandsFirstOrNowhere() throws {
        let folder = try TemporaryFolder()
        let registry = try registry(folder)
        try registry.append(record(1, ends: now, life: day), at: now)
        let text = try FileContents.read(registry.path, limit: 1 << 20)
        try (text + Array(#"{"compacted":{"bytes":1}}"# .utf8) + [10]).write(to: registry.path)
        #expect(throws: PKIError.self) { try registry.records() }
    }

    @Test func longBrokenEndIsRemoved() throws {
        let folder = try TemporaryFolder()
        let registry = try registry(folder)
        try registry.append(record(1, ends: now, life: day), at: now)
        let text = try FileContents.read(registry.path, limit: 1 << 20)
        try (text + [UInt8](repeating: 0x20, count: 20_000)).write(to: registry.path)
        try registry.append(record(2, ends: now, life: day), at: now)
        #expect(try registry.records().map(\.serial) == ["1", "2"])
    }
}
