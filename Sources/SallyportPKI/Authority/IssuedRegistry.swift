import FoundationEssentials
import SallyportModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What the built-in authority issued and revoked: `ca/issued.jsonl`, one JSON object a line.
///
/// Lines are appended. A line counts once its newline is on disk. Bytes behind the last newline are from a write that
/// never finished; the next write removes them. Any other line that cannot be read refuses the whole file, since it
/// might be a revocation. When the file has doubled it is written anew without what `RegistryRetention` lets go.
struct IssuedRegistry: Sendable {
    private static let maximumBytes = 64 << 20
    /// No certificate is issued beyond this; the rest is for revocations.
    static let fullAt = 48 << 20
    /// A file below this size is left alone.
    static let compactedFrom = 128 << 10

    let path: String

    private enum Event: Codable {
        case issued(certificate: IssuedRecord)
        case revoked(serial: String, at: Int64, reason: RevocationReason?)
        /// First line of a file that was written anew: what came of it, bytes.
        case compacted(bytes: Int)
    }

    init(_ state: StateDirectory) { path = state.authorityFile("issued.jsonl") }

    /// Oldest first, revocations applied.
    func records() throws(PKIError) -> [IssuedRecord] {
        guard FileContents.exists(path) else { return [] }
        let contents = try FileContents.read(path, limit: Self.maximumBytes)
        var records: [IssuedRecord] = []
        var positions: [String: Int] = [:]
        let lines = contents.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        let decoder = JSONDecoder()
        for (index, line) in lines.enumerated() {
            switch try event(line, number: index + 1, decoder) {
            case .issued(let record):
                positions[record.serial] = records.count
                records.append(record)
            case .revoked(let serial, let time, let reason):
                guard let position = positions[serial] else {
                    throw damaged(index + 1, "it revokes a certificate that was never issued")
                }
                guard records[position].revokedAt == nil else { continue }
                records[position].revokedAt = time
                records[position].revocationReason = reason
            case .compacted:
                guard index == 0 else { throw damaged(index + 1, "this entry is the first or nowhere") }
            }
        }
        return records
    }

    /// Call with the authority's lock held.
    func append(_ record: IssuedRecord, at now: Int64) throws(PKIError) {
        try compactIfDue(at: now)
        let size = try size()
        guard size < Self.fullAt else { throw PKIError(.registryFull, path, "it has \(size) bytes") }
        try append(.issued(certificate: record))
    }

    /// Call with the authority's lock held.
    func revoke(serial: String, reason: RevocationReason, at now: Int64) throws(PKIError) {
        try append(.revoked(serial: serial, at: now, reason: reason == .unspecified ? nil : reason))
    }

    // MARK: compaction

    /// Writes the file anew once it is twice as large as after the last time.
    private func compactIfDue(at now: Int64) throws(PKIError) {
        let size = try size()
        guard size >= Self.compactedFrom, try size >= 2 * sizeAfterCompaction() else { return }
        try compact(at: now)
    }

    /// Call with the authority's lock held.
    func compact(at now: Int64) throws(PKIError) {
        var lines: [UInt8] = []
        for record in try records() where RegistryRetention.keeps(record, at: now) {
            lines += try line(.issued(certificate: record))
            if let time = record.revokedAt {
                lines += try line(.revoked(serial: record.serial, at: time, reason: record.revocationReason))
            }
        }
        let first = try line(.compacted(bytes: lines.count))
        try StateDirectory.writeAtomically(first + lines, to: path, mode: 0o600)
    }

    private func sizeAfterCompaction() throws(PKIError) -> Int {
        let start = try bytes(from: 0, count: 256)
        guard let end = start.firstIndex(of: UInt8(ascii: "\n")) else { return 0 }
        guard start.starts(with: #"{"compacted""#.utf8) else { return 0 }
        guard case .compacted(let bytes) = try event(start[..<end], number: 1, JSONDecoder()) else { return 0 }
        return bytes
    }

    // MARK: lines

    private func event(_ line: ArraySlice<UInt8>, number: Int, _ decoder: JSONDecoder) throws(PKIError) -> Event {
        do {
            return try decoder.decode(Event.self, from: Data(line))
        } catch {
            throw damaged(number, "it is not an entry of the registry")
        }
    }

    private func line(_ event: Event) throws(PKIError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(event)) + [UInt8(ascii: "\n")]
        } catch {
            throw PKIError(.stateWriteFailed, path, "the entry cannot be encoded")
        }
    }

    private func append(_ event: Event) throws(PKIError) {
        let line = try line(event)
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw writeFailure() }
        defer { close(descriptor) }
        let end = try endOfLastLine()
        guard ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, off_t(end), SEEK_SET) >= 0
        else { throw writeFailure() }
        try FileContents.write(line, to: descriptor, path: path)
        guard fsync(descriptor) == 0 else { throw writeFailure() }
    }

    /// Looks at the file's end only, and further ahead when no line ends there.
    private func endOfLastLine() throws(PKIError) -> Int {
        var end = try size()
        while end > 0 {
            let start = max(0, end - 4096)
            if let newline = try bytes(from: start, count: end - start).lastIndex(of: UInt8(ascii: "\n")) {
                return start + newline + 1
            }
            end = start
        }
        return 0
    }

    private func size() throws(PKIError) -> Int {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw PKIError(.certificateFileUnreadable, path, FileContents.systemError()) }
            return 0
        }
        return Int(status.st_size)
    }

    private func bytes(from offset: Int, count: Int) throws(PKIError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw PKIError(.certificateFileUnreadable, path, FileContents.systemError()) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let read = pread(descriptor, &bytes, count, off_t(offset))
        guard read >= 0 else { throw PKIError(.certificateFileUnreadable, path, FileContents.systemError()) }
        return Array(bytes[..<read])
    }

    private func writeFailure() -> PKIError { PKIError(.stateWriteFailed, path, FileContents.systemError()) }

    private func damaged(_ line: Int, _ detail: String) -> PKIError {
        PKIError(.authorityUnusable, "\(path):\(line)", detail)
    }
}
