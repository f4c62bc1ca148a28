/// Methods as the conventions of OpenTelemetry name them in metrics and spans: those that are known, and `_OTHER`.
package enum RequestMethod: UInt8, Sendable, CaseIterable {
    case get, head, post, put, delete, connect, options, trace, patch, other

    package var word: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .connect: "CONNECT"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .patch: "PATCH"
        case .other: "_OTHER"
        }
    }
}

extension AccessRecord {
    /// Empty where no head could be read: then nothing is known of the method.
    var knownMethod: StaticString {
        let bytes = head[Int(method.lowerBound)..<Int(method.upperBound)]
        let known = RequestMethod.allCases.first { method in
            let word = UnsafeBufferPointer(start: method.word.utf8Start, count: method.word.utf8CodeUnitCount)
            return bytes.elementsEqual(word)
        }
        return (known ?? .other).word
    }
}
