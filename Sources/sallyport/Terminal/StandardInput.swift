import Glibc

enum StandardInput {
    /// Everything up to its end.
    ///
    /// - Parameter limit: bytes; more is a failure with this status.
    static func read(upTo limit: Int, orFailWith status: ExitStatus) throws(CommandFailure) -> [UInt8] {
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(STDIN_FILENO, &part, part.count)
            if count == 0 { return text }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(status, "standard input cannot be read: \(String(cString: strerror(errno)))")
            }
            text += part[..<count]
            guard text.count <= limit else {
                throw CommandFailure(status, "there is more than \(limit >> 20) MiB on standard input")
            }
        }
    }
}
