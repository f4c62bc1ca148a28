import SallyportModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension StateDirectory {
    /// Runs `body` while no other process changes the authority. Waits up to ten seconds for it to finish. A change
    /// that a crash interrupted is finished or forgotten first.
    func withAuthorityLock<Value>(_ body: () throws(PKIError) -> Value) throws(PKIError) -> Value {
        let path = authorityFile("lock")
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PKIError(.stateWriteFailed, path, FileContents.systemError()) }
        defer { close(descriptor) }
        for _ in 0..<500 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                try FileTransaction.recover(authorityFolder)
                return try body()
            }
            guard errno == EWOULDBLOCK || errno == EINTR else { break }
            usleep(20_000)
        }
        throw PKIError(.stateWriteFailed, path, "another sallyport is changing the authority; try again")
    }
}
