/// The options of all Connection fields of a head (RFC 9110 §7.6.1).
struct ConnectionOptions {
    private(set) var close = false
    private(set) var upgrade = false
    private(set) var te = false
    /// Names of fields that are for this connection only, as offsets. Most heads have none.
    private(set) var nominated: [Range<Int>] = []
    private var count = 0

    /// More options than this have no honest use, and each costs a walk over all fields.
    private static let maximum = 32

    /// Reads the value of one Connection field: tokens between commas, empty ones skipped (RFC 9110 §5.6.1.2).
    mutating func read(_ value: Range<Int>, in bytes: RawSpan) throws(Malformation) {
        var list = ListReader(value)
        while let element = list.next(in: bytes) {
            try add(element, in: bytes)
        }
    }

    private mutating func add(_ option: Range<Int>, in bytes: RawSpan) throws(Malformation) {
        count += 1
        guard count <= Self.maximum, bytes.isToken(option) else { throw .connection }
        if bytes.matches(option, "close") {
            close = true
        } else if !bytes.matches(option, "keep-alive") {
            if bytes.matches(option, "upgrade") { upgrade = true }
            if bytes.matches(option, "te") { te = true }
            nominated.append(option)
        }
    }
}

extension KnownField {
    /// Whether a Connection field may take this field out of the message. A sender has no business to do so with
    /// fields meant for every recipient (RFC 9110 §7.6.1), and a client that could would choose what the upstream
    /// gets to see of what the gateway decided on.
    var mayBeNominated: Bool {
        switch self {
        case .authorization, .cookie, .contentType, .contentEncoding, .cacheControl, .date, .via, .range, .origin: false
        default: true
        }
    }
}
