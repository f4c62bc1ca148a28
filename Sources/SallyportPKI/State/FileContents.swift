import SallyportModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Reading whole files, bounded, and writing to descriptors.
package enum FileContents {
    /// - Parameter isPrivate: refuse a file that its group or others may read or write.
    /// - Throws: certificateFileUnreadable when the path is not an ordinary file, or is larger than `limit` bytes.
    package static func read(_ path: String, limit: Int, isPrivate: Bool = false) throws(PKIError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw PKIError(.certificateFileUnreadable, path, systemError()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw PKIError(.certificateFileUnreadable, path, systemError()) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PKIError(.certificateFileUnreadable, path, "it is not an ordinary file")
        }
        guard !isPrivate || status.st_mode & 0o077 == 0 else {
            throw PKIError(.stateDirectoryUnsafe, path, "others than its owner may read the key; chmod 600 it")
        }
        return try read(descriptor, path: path, limit: limit)
    }

    /// False only when it is certain that there is nothing. What cannot be looked at counts as there, so that reading it
    /// fails with the system's words and is not taken for an empty list.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 || errno != ENOENT
    }

    /// Without effect when there is no such file.
    static func remove(_ path: String) throws(PKIError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw PKIError(.stateWriteFailed, path, systemError()) }
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(PKIError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0) }
            guard count > 0 else { throw PKIError(.stateWriteFailed, path, systemError()) }
            rest = rest.dropFirst(count)
        }
    }

    /// What the last failed call of this thread says.
    static func systemError() -> String { String(cString: strerror(errno)) }

    private static func read(_ descriptor: Int32, path: String, limit: Int) throws(PKIError) -> [UInt8] {
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0) }
            guard count >= 0 else { throw PKIError(.certificateFileUnreadable, path, systemError()) }
            guard count > 0 else { return contents }
            contents += chunk[..<count]
            guard contents.count <= limit else {
                throw PKIError(.certificateFileUnreadable, path, "it is larger than \(limit) bytes")
            }
        }
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 || errno != EINTR { return count }
    }
}

private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
    while true {
        let count = write(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 || errno != EINTR { return count }
    }
}
