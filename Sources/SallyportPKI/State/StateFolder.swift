import SallyportModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension StateDirectory {
    /// Names of the files in a folder below the state directory, sorted; none for a folder that is not there.
    func files(in folder: String) throws(PKIError) -> [String] {
        let path = "\(self.path)/\(folder)"
        guard let stream = opendir(path) else {
            guard errno == ENOENT else { throw PKIError(.certificateFileUnreadable, path, FileContents.systemError()) }
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file.
    /// - Returns: false when it was not there; of several callers at once one gets true.
    @discardableResult
    func removeFile(_ path: String) throws(PKIError) -> Bool {
        if unlink(path) == 0 { return true }
        guard errno == ENOENT else { throw PKIError(.stateWriteFailed, path, FileContents.systemError()) }
        return false
    }
}
