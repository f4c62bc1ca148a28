import CNIOBoringSSL

/// BoringSSL's error queue, which belongs to the thread.
enum BoringSSLErrors {
    /// Names of the reasons, oldest first, such as `NO_SHARED_CIPHER`; the queue is empty afterwards.
    static func take() -> [String] {
        var names: [String] = []
        while case let code = ERR_get_error(), code != 0 {
            names.append(ERR_reason_symbol_name(code).map { String(cString: $0) } ?? "REASON_\(code & 0xFFF)")
        }
        return names
    }

    /// The same as one line for people.
    static func text() -> String {
        let names = take()
        return names.isEmpty ? "BoringSSL gave no reason" : names.joined(separator: ", ")
    }

    /// What an earlier call on this thread left behind is no error of the next one.
    static func clear() { ERR_clear_error() }
}
