import NIOSSL

/// The names of reasons in BoringSSL's error queue, such as `NO_SHARED_CIPHER`.
///
/// NIOSSL keeps the codes private. All there is, is the text
/// `error:NUMBER:LIBRARY:OPENSSL_internal:REASON at FILE:LINE`.
enum BoringSSLMessage {
    /// The reasons in the order of the queue; empty for errors of another kind.
    static func reasons(of error: any Error) -> [String] {
        stack(of: error).map { reason(in: $0.description) }
    }

    /// One line for people, without file names and numbers.
    static func text(of error: any Error) -> String {
        let reasons = reasons(of: error)
        return reasons.isEmpty ? String("\(error)".prefix(200)) : reasons.joined(separator: ", ")
    }

    private static func stack(of error: any Error) -> NIOBoringSSLErrorStack {
        switch error {
        case NIOSSLError.handshakeFailed(let inner), NIOSSLError.shutdownFailed(let inner): stack(of: inner)
        case BoringSSLError.sslError(let stack), BoringSSLError.unknownError(let stack): stack
        default: []
        }
    }

    private static func reason(in description: String) -> String {
        guard let start = description.range(of: "OPENSSL_internal:") else {
            return String(description.drop { $0 == " " }.prefix(200))
        }
        return String(description[start...].prefix { $0 != " " })
    }
}

extension String {
    /// What follows the first occurrence of the text.
    fileprivate func range(of text: String) -> Index? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return index(start, offsetBy: text.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
