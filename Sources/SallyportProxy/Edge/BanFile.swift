import FoundationEssentials
import SallyportEdge
import SallyportModel
import SallyportPKI

/// The bans in the state directory: `bans.json`, always written whole.
package struct BanFile: Sendable {
    private static let maximumBytes = 32 << 20

    private let state: StateDirectory
    let path: String

    package init(_ state: StateDirectory) {
        self.state = state
        path = state.path + "/bans.json"
    }

    /// One ban as it stands in the file. Times are seconds since 1970.
    private struct Line: Codable {
        var who: String
        var since: Int64
        /// Absent: until it is lifted.
        var until: Int64?
        var because: String
        var source: String
        var times: Int
    }

    // MARK: reading

    /// Empty when there is no file. A file that is damaged anywhere is refused.
    ///
    /// - Throws: banFileUnusable.
    package func bans() throws(PKIError) -> [Ban] {
        guard FileContents.exists(path) else { return [] }
        let lines = try lines()
        guard lines.count <= BanList.usualCapacity else {
            throw unusable("it has more than \(BanList.usualCapacity) bans")
        }
        var bans: [Ban] = []
        for (index, line) in lines.enumerated() {
            guard let ban = Self.ban(line) else { throw unusable("ban \(index + 1) is damaged") }
            bans.append(ban)
        }
        guard Set(bans.map(\.subject)).count == bans.count else { throw unusable("somebody is in it twice") }
        return bans
    }

    private func lines() throws(PKIError) -> [Line] {
        do {
            let contents = try FileContents.read(path, limit: Self.maximumBytes)
            return try JSONDecoder().decode([Line].self, from: Data(contents))
        } catch let error as PKIError {
            throw unusable(error.detail)
        } catch {
            throw unusable("it is not a list of bans")
        }
    }

    private static func ban(_ line: Line) -> Ban? {
        guard let subject = BanSubject(line.who), let source = Ban.Source(rawValue: line.source), line.since >= 0,
            line.times >= 1, Ban.isLine(line.because), line.until.map({ $0 > line.since }) ?? true
        else { return nil }
        return Ban(
            subject, since: line.since, until: line.until, because: line.because, source: source, times: line.times)
    }

    private func unusable(_ detail: String) -> PKIError { PKIError(.banFileUnusable, path, detail) }

    // MARK: writing

    func write(_ bans: [Ban]) throws(PKIError) {
        let lines = bans.map { ban in
            Line(
                who: ban.subject.text, since: ban.since, until: ban.until, because: ban.because,
                source: ban.source.rawValue, times: ban.times)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do {
            bytes = Array(try encoder.encode(lines)) + [UInt8(ascii: "\n")]
        } catch {
            throw PKIError(.stateWriteFailed, path, "the bans cannot be encoded")
        }
        try state.prepare()
        try StateDirectory.writeAtomically(bytes, to: path, mode: 0o600)
    }
}
