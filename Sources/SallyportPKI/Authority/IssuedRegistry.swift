import FoundationEssentials
import SallyportModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What the built-in authority issued and revoked: `ca/issued.jsonl`, one JSON object a line, only ever appended to.
///
/// A line counts once its newline is on disk. Bytes behind the last newline are from a write that never finished; the
/// next write removes them. Any other line that cannot be read refuses the whole file, since it might be a revocation.
struct IssuedRegistry: Sendable {
    private static let maximumBytes = 64 << 20
    let path: String

    private enum Event: Codable {
        case issued(certificate: IssuedRecord)
        case revoked(serial: String, at: Int64)
    }

    init(_ state: StateDirectory) { path = state.authorityFile("issued.jsonl") }

    /// Oldest first, revocations applied.
    func records() throws(PKIError) -> [IssuedRecord] {
        guard FileContents.exists(path) else { return [] }
        let contents = try FileContents.read(path, limit: Self.maximumBytes)
        var records: [IssuedRecord] = []
        var positions: [String: Int] = [:]
        let lines = contents.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        for (index, line) in lines.enumerated() {
            switch try event(line, number: index + 1) {
            case .issued(let record):
                positions[record.serial] = records.count
                records.append(record)
            case .revoked(let serial, let time):
                guard let position = positions[serial] else {
                    throw damaged(index + 1, "it revokes a certificate that was never issued")
                }
                records[position].revokedAt = records[position].revokedAt ?? time
            }
        }
        return records
    }

    /// Call with the authority's lock held.
    func append(_ record: IssuedRecord) throws(PKIError) { try append(.issued(certificate: record)) }

    /// Call with the authority's lock held.
    func revoke(serial: String, at now: Int64) throws(PKIError) { try append(.revoked(serial: serial, at: now)) }

    private func event(_ line: ArraySlice<UInt8>, number: Int) throws(PKIError) -> Event {
        do {
            return try JSONDecoder().decode(Event.self, from: Data(line))
        } catch {
            throw damaged(number, "it is not an entry of the registry")
        }
    }

    private func append(_ event: Event) throws(PKIError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line: [UInt8]
        do {
            line = Array(try encoder.encode(event)) + [UInt8(ascii: "\n")]
        } catch {
            throw PKIError(.stateWriteFailed, path, "the entry cannot be encoded")
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw writeFailure() }
        defer { close(descriptor) }
        let end = try endOfLastLine()
        guard ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, off_t(end), SEEK_SET) >= 0
        else { throw writeFailure() }
        try FileContents.write(line, to: descriptor, path: path)
        guard fsync(descriptor) == 0 else { throw writeFailure() }
    }

    private func endOfLastLine() throws(PKIError) -> Int {
        let contents = try FileContents.read(path, limit: Self.maximumBytes)
        return contents.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    private func writeFailure() -> PKIError { PKIError(.stateWriteFailed, path, FileContents.systemError()) }

    private func damaged(_ line: Int, _ detail: String) -> PKIError {
        PKIError(.authorityUnusable, "\(path):\(line)", detail)
    }
}
