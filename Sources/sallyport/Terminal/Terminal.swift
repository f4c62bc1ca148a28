import Glibc

/// Results go to standard output; progress, errors and the next step go to standard error.
enum Terminal {
    /// A result, with a line end added.
    static func print(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Progress, or the next sensible command.
    static func note(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    static func error(_ text: String) {
        write("\(paint("error", .red)): \(text)\n", to: STDERR_FILENO)
    }

    /// The last line of a command that succeeded.
    ///
    /// - Parameter arguments: What to type behind the program's name.
    static func next(_ arguments: String) {
        note("next: \(program) \(arguments)")
    }

    /// The program as it was called, so that a suggestion can be typed as it stands.
    static let program = CommandLine.arguments.first.map { $0.contains("/") ? ShellWord.quote($0) : $0 } ?? "sallyport"

    static let tick = "✔"

    enum Colour: String { case red = "31", green = "32" }

    /// Coloured when standard error is a terminal and `NO_COLOR` is not set.
    static func paint(_ text: String, _ colour: Colour) -> String {
        colourful(STDERR_FILENO) ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// <https://no-color.org>: present and not empty, whatever its value.
    static func colourful(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1 && (Environment.variables["NO_COLOR"] ?? "").isEmpty
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Asks for a yes; anything else, and standard input that is no terminal, is a no.
    static func confirm(_ question: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        write("\(question) [y/N] ", to: STDERR_FILENO)
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }

    /// Writes everything or gives up: when the reader has gone there is nobody to tell.
    private static func write(_ text: String, to descriptor: Int32) {
        write(Array(text.utf8), to: descriptor)
    }

    /// A result of bytes, as it is.
    static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
