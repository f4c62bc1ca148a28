import Glibc

/// Where log lines go.
package enum LogOutput: Sendable, Hashable {
    case standardOutput
    case standardError
    /// Absolute path; opened for append and made with mode 0640 when it does not exist.
    case file(String)

    /// Opens the destination. Nothing is truncated.
    package func open() throws(LogOutputError) -> LogDescriptor {
        switch self {
        case .standardOutput: return LogDescriptor(borrowing: STDOUT_FILENO, name: "standard output")
        case .standardError: return LogDescriptor(borrowing: STDERR_FILENO, name: "standard error")
        case .file(let path):
            let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
            guard descriptor >= 0 else { throw LogOutputError(path: path, code: errno) }
            return LogDescriptor(owning: descriptor, name: path)
        }
    }
}

/// A log file that cannot be opened.
package struct LogOutputError: Error, CustomStringConvertible {
    package let path: String
    /// `errno` of the failed call.
    package let code: Int32

    package var description: String {
        "the log file \(path) cannot be opened for writing: \(systemMessage(code)); "
            + "give the user that runs the gateway the right to write there, or name another file"
    }
}

/// An open file descriptor that is written to; one that is owned is closed with the value.
package struct LogDescriptor: ~Copyable, Sendable {
    let raw: Int32
    /// For messages to people.
    let name: String
    private let owned: Bool

    package init(owning raw: Int32, name: String) {
        self.raw = raw
        self.name = name
        owned = true
    }

    package init(borrowing raw: Int32, name: String) {
        self.raw = raw
        self.name = name
        owned = false
    }

    deinit {
        if owned { close(raw) }
    }
}

/// The system's words for an `errno` value.
func systemMessage(_ code: Int32) -> String {
    String(cString: strerror(code))
}
