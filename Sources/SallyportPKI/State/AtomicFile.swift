import SallyportModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension StateDirectory {
    /// Writes a file so that a reader sees the old content or the new, never a part, and nobody else can read it
    /// in between: a new file beside it with its final mode, synced, renamed over, folder synced.
    ///
    /// A file that is there already keeps the rights it lacks; a symbolic link is never followed.
    package static func writeAtomically(_ bytes: [UInt8], to path: String, mode: UInt16) throws(PKIError) {
        let granted = try mode & modeLimit(of: path)
        let (temporary, descriptor) = try openTemporary(beside: path, mode: mode_t(granted))
        do throws(PKIError) {
            defer { close(descriptor) }
            guard fchmod(descriptor, mode_t(granted)) == 0 else { throw writeFailure(path) }
            try FileContents.write(bytes, to: descriptor, path: path)
            guard fsync(descriptor) == 0 else { throw writeFailure(path) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let failure = writeFailure(path)
            unlink(temporary)
            throw failure
        }
        try syncFolder(of: path)
    }

    /// The rights that a file under this path may have: all, unless one is there already.
    static func modeLimit(of path: String) throws(PKIError) -> UInt16 {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw writeFailure(path) }
            return 0o777
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PKIError(.stateWriteFailed, path, "something that is not an ordinary file is in the way")
        }
        return UInt16(truncatingIfNeeded: status.st_mode & 0o777)
    }

    private static func openTemporary(beside path: String, mode: mode_t) throws(PKIError) -> (String, Int32) {
        for _ in 0..<8 {
            let temporary = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
            if descriptor >= 0 { return (temporary, descriptor) }
            guard errno == EEXIST else { break }
        }
        throw writeFailure(path)
    }

    static func syncFolder(of path: String) throws(PKIError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw writeFailure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw writeFailure(path) }
    }

    private static func writeFailure(_ path: String) -> PKIError {
        PKIError(.stateWriteFailed, path, FileContents.systemError())
    }
}
