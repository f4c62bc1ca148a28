#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The files of this machine.
package struct SystemFiles: FileReading {
    package init() {}

    package var workingDirectory: String {
        guard let buffer = getcwd(nil, 0) else { return "/" }
        defer { free(buffer) }
        return String(cString: buffer)
    }

    package func canonical(_ path: String) -> String {
        guard let buffer = realpath(path, nil) else { return path }
        defer { free(buffer) }
        return String(cString: buffer)
    }

    package func read(_ path: String, limit: Int) throws(FileReadError) -> [UInt8] {
        // Opening a named pipe that nobody writes to would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileReadError(errno) }
        defer { close(descriptor) }
        try requireReadableKind(descriptor)
        guard fcntl(descriptor, F_SETFL, 0) >= 0 else { throw FileReadError(errno) }
        return try readAll(descriptor, limit: limit)
    }

    package func names(in directory: String) throws(FileReadError) -> [String] {
        guard let stream = opendir(directory) else { throw FileReadError(errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// A device would never end, or would act on being read.
    private func requireReadableKind(_ descriptor: Int32) throws(FileReadError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileReadError(errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFIFO: return
        case S_IFDIR: throw .isDirectory
        default: throw .notAFile
        }
    }

    private func readAll(_ descriptor: Int32, limit: Int) throws(FileReadError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { Self.readOnce(descriptor, into: $0) }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileReadError(errno)
            }
            if count == 0 { return content }
            content += chunk[..<count]
            if content.count > limit { throw .tooLarge(limit: limit) }
        }
    }

    private static func readOnce(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}

extension FileReadError {
    fileprivate init(_ code: Int32) {
        switch code {
        case ENOENT, ENOTDIR: self = .missing
        case EACCES, EPERM: self = .notPermitted
        case EISDIR: self = .isDirectory
        default: self = .failed(String(cString: strerror(code)))
        }
    }
}
