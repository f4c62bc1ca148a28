/// What one request to a model has used.
package struct UsageRow: Sendable, Hashable {
    /// Unique: a request is counted once.
    package var request: String
    /// Nanoseconds since 1970.
    package var time: Int64
    package var identity: String?
    /// Name of the API key.
    package var key: String?
    package var model: String
    package var inputTokens: Int64
    package var outputTokens: Int64
    /// Millionths of a US dollar.
    package var costMicroUSD: Int64

    package init(
        request: String, time: Int64, identity: String?, key: String?, model: String, inputTokens: Int64,
        outputTokens: Int64, costMicroUSD: Int64
    ) {
        self.request = request.withoutNUL
        self.time = time
        self.identity = identity?.withoutNUL
        self.key = key?.withoutNUL
        self.model = model.withoutNUL
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.costMicroUSD = costMicroUSD
    }
}

/// A certificate that the built-in authority issued. The registry in `ca/issued.jsonl` decides; this is for looking.
package struct CertificateRow: Sendable, Hashable {
    package var authority: String
    /// Upper-case hexadecimal.
    package var serial: String
    /// `client` or `server`
    package var kind: String
    package var name: String
    package var subject: String
    /// Seconds since 1970.
    package var issuedAt: Int64
    package var notAfter: Int64
    package var revokedAt: Int64?
    package var revocationReason: String?

    package init(
        authority: String, serial: String, kind: String, name: String, subject: String, issuedAt: Int64,
        notAfter: Int64, revokedAt: Int64? = nil, revocationReason: String? = nil
    ) {
        self.authority = authority.withoutNUL
        self.serial = serial.withoutNUL
        self.kind = kind.withoutNUL
        self.name = name.withoutNUL
        self.subject = subject.withoutNUL
        self.issuedAt = issuedAt
        self.notAfter = notAfter
        self.revokedAt = revokedAt
        self.revocationReason = revocationReason?.withoutNUL
    }
}

/// A configuration that was put into service.
package struct GenerationRow: Sendable, Hashable {
    /// Within its process.
    package var number: Int
    package var process: Int
    /// Seconds since 1970.
    package var loadedAt: Int64
    package var source: String
    package var changes: String

    package init(number: Int, process: Int, loadedAt: Int64, source: String, changes: String) {
        self.number = number
        self.process = process
        self.loadedAt = loadedAt
        self.source = source.withoutNUL
        self.changes = changes.withoutNUL
    }
}

/// Who may sign in to the console.
package struct ConsoleUserRow: Sendable, Hashable {
    package var name: String
    /// As its maker wrote it, parameters included; never the password.
    package var passwordHash: String
    package var role: String
    /// Seconds since 1970.
    package var createdAt: Int64

    package init(name: String, passwordHash: String, role: String, createdAt: Int64) {
        self.name = name.withoutNUL
        self.passwordHash = passwordHash.withoutNUL
        self.role = role.withoutNUL
        self.createdAt = createdAt
    }
}

extension String {
    /// Databases end a text at its first NUL: two names must not become one.
    fileprivate var withoutNUL: String {
        utf8.contains(0) ? String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })) : self
    }
}
