/// The access to files that loading needs, so that tests can give files in memory.
package protocol FileReading: Sendable {
    /// The whole content of a file of at most `limit` bytes.
    func read(_ path: String, limit: Int) throws(FileReadError) -> [UInt8]
    /// The names in a directory, in no order, without `.` and `..`.
    func names(in directory: String) throws(FileReadError) -> [String]
    /// The working directory, absolute.
    var workingDirectory: String { get }
    /// The path with symbolic links resolved, or the path itself when that fails.
    func canonical(_ path: String) -> String
}

package enum FileReadError: Error, Hashable, Sendable {
    case missing
    case notPermitted
    case isDirectory
    /// Longer than the limit in bytes.
    case tooLarge(limit: Int)
    /// Neither a file nor a pipe.
    case notAFile
    /// Any other failure, in the words of the system.
    case failed(String)

    /// A phrase that follows "PATH".
    package var words: String {
        switch self {
        case .missing: "does not exist"
        case .notPermitted: "may not be read by this user"
        case .isDirectory: "is a directory"
        case .tooLarge(let limit): "is larger than \(limit) bytes"
        case .notAFile: "is not a regular file"
        case .failed(let words): "cannot be read: \(words)"
        }
    }
}
