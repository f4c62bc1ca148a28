import Glibc
import SallyportAudit
import SallyportModel
import SallyportPKI

/// What stands in `audit/` of the state directory: the key that signs checkpoints, and the high-water mark.
struct AuditFiles: Sendable {
    let keyPath: String
    let markPath: String
    private let state: StateDirectory

    init(_ state: StateDirectory) {
        self.state = state
        keyPath = state.path + "/audit/key"
        markPath = state.path + "/audit/mark"
    }

    func prepare() throws(StoreError) {
        do throws(PKIError) {
            try state.prepare()
            try state.makeFolder("audit")
        } catch {
            throw StoreError(.storeNotOpened, error.subject, error.detail)
        }
    }

    // MARK: key

    /// Nil when there is none.
    func key() throws(StoreError) -> AuditKey? {
        guard FileContents.exists(keyPath) else { return nil }
        let text: [UInt8]
        do throws(PKIError) { text = try FileContents.read(keyPath, limit: 1024, isPrivate: true) } catch {
            throw StoreError(.auditKeyUnusable, keyPath, error.detail)
        }
        guard let head = AuditHash(hexadecimal: String(decoding: text.dropLast(), as: UTF8.self)),
            text.last == UInt8(ascii: "\n"), let key = AuditKey(raw: head.bytes)
        else { throw StoreError(.auditKeyUnusable, keyPath, "it is not a key that sallyport wrote") }
        return key
    }

    func makeKey() throws(StoreError) -> AuditKey {
        let key = AuditKey()
        guard let text = AuditHash(key.raw)?.description else {
            throw StoreError(.auditKeyUnusable, keyPath, "a new key has not 32 bytes")
        }
        do throws(PKIError) {
            try StateDirectory.writeAtomically(Array("\(text)\n".utf8), to: keyPath, mode: 0o600)
        } catch {
            throw StoreError(.auditKeyUnusable, keyPath, error.detail)
        }
        return key
    }

    // MARK: mark

    enum Mark {
        case none
        case unreadable
        case signed(AuditCheckpoint)

        var checkpoint: AuditCheckpoint? {
            if case .signed(let checkpoint) = self { checkpoint } else { nil }
        }
    }

    func mark() throws(StoreError) -> Mark {
        guard FileContents.exists(markPath) else { return .none }
        do throws(PKIError) {
            let line = try FileContents.read(markPath, limit: AuditMark.length + 1, isPrivate: true)
            return AuditMark.read(line).map { .signed($0) } ?? .unreadable
        } catch {
            throw StoreError(.storeNotOpened, markPath, error.detail)
        }
    }

    /// A mark where there is none, or in place of one that was given up.
    func replaceMark(with mark: AuditCheckpoint) throws(StoreError) {
        do throws(PKIError) {
            try StateDirectory.writeAtomically(AuditMark.line(mark), to: markPath, mode: 0o600)
        } catch {
            throw StoreError(.storeWriteFailed, markPath, error.detail)
        }
    }

    /// Writes the mark over the one that is there, unless that one is further ahead. The line has one length and lies in
    /// one sector, so that a crash leaves one or the other; other processes wait.
    func advanceMark(to mark: AuditCheckpoint) throws(StoreError) {
        let descriptor = open(markPath, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 { guard errno == EINTR else { throw failure() } }
        var line = [UInt8](repeating: 0, count: AuditMark.length)
        let count = pread(descriptor, &line, line.count, 0)
        guard count >= 0 else { throw failure() }
        guard let there = AuditMark.read(Array(line.prefix(count))) else {
            throw StoreError(.auditNotSound, markPath, "it is not a mark that sallyport wrote")
        }
        guard there.head.sequence < mark.head.sequence else { return }
        let new = AuditMark.line(mark)
        guard pwrite(descriptor, new, new.count, 0) == new.count else { throw failure() }
    }

    private func failure() -> StoreError {
        StoreError(.storeWriteFailed, markPath, String(cString: strerror(errno)))
    }
}
