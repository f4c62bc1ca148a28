import SallyportModel

/// Makes trailers of the decoded field section behind the content of a request (RFC 9113 §8.1).
package struct HTTP2TrailerReader {
    private var lines: HTTP2FieldLines

    package init(limits: HTTPLimits) {
        lines = HTTP2FieldLines(limits: limits, isTrailer: true)
    }

    package mutating func add(_ name: String, _ value: String) throws(HTTP2Fault) {
        guard name.utf8.first != ASCII.colon else { throw .malformed(.malformedHTTP2Pseudo) }
        try lines.add(name, value)
    }

    /// Nil when there were no fields.
    package mutating func trailers() throws(HTTP2Fault) -> Trailers? {
        try lines.finish()
        do throws(Malformation) {
            return try Trailers(lines.bytes, direction: .request, lines: lines.count)
        } catch {
            throw HTTP2Fault(error)
        }
    }
}
