import Glibc

/// The terminal while single keys are read from it and whole screens are drawn on it; as it was before once this is gone.
struct KeyTerminal: ~Copyable {
    private let former: termios

    private init(former: termios) {
        self.former = former
        Terminal.write(Array("\u{1B}[?1049h\u{1B}[?25l".utf8))
    }

    /// Nil when standard input and output are not both a terminal.
    static func open() -> KeyTerminal? {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return nil }
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        let former = settings
        // Without signals of its own, so that an interrupt is a key like any other and the terminal is put right first.
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0 else { return nil }
        return KeyTerminal(former: former)
    }

    deinit {
        Terminal.write(Array("\u{1B}[?25h\u{1B}[?1049l".utf8))
        var settings = former
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    enum Event: Equatable {
        case key(UInt8)
        /// Nobody pressed one in time.
        case none
        /// There will be no more.
        case end
    }

    /// - Parameter milliseconds: how long to wait.
    func next(within milliseconds: Int32) -> Event {
        var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, max(0, milliseconds)) > 0 else { return .none }
        var key: UInt8 = 0
        return read(STDIN_FILENO, &key, 1) == 1 ? .key(key) : .end
    }

    var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// In the place of what was drawn before, without a flicker.
    func draw(_ lines: [String]) {
        let text = lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n")
        Terminal.write(Array("\u{1B}[H\(text)\u{1B}[J".utf8))
    }
}
