import Glibc

/// What the process says to whoever started it (`sysexits.h`).
enum ExitStatus: Int32, Sendable {
    case good = 0
    case failed = 1
    case usage = 64
    case configuration = 78

    func exit() -> Never { Glibc.exit(rawValue) }
}

/// A command that could not do what it was asked to.
struct CommandFailure: Error {
    let status: ExitStatus
    /// What, where and why, for standard error; empty when everything was said already.
    let message: String
    /// What to do about it.
    let fix: String?

    init(_ status: ExitStatus = .failed, _ message: String, fix: String? = nil) {
        self.status = status
        self.message = message
        self.fix = fix
    }

    /// The diagnostics were printed; only the status is left to say.
    static func reported(_ status: ExitStatus) -> CommandFailure { CommandFailure(status, "") }

    func report() {
        if !message.isEmpty { Terminal.error(message) }
        if let fix { Terminal.note("fix: \(fix)") }
    }
}
