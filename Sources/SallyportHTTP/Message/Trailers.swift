/// The field lines behind the content of a message (RFC 9110 §6.5). They are never merged into its head.
package struct Trailers: Sendable, HeadFields {
    /// Lines as `name: value` with line ends, and the empty line.
    package let bytes: [UInt8]
    package let fields: [Field]

    package init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// Whether anything of it goes on to the next hop.
    package var hasForwarded: Bool { fields.contains { $0.isForwarded } }

    /// Without the fields of these names.
    /// - Parameter names: lower-case ASCII.
    package func without(_ names: [String]) -> Trailers { Trailers(bytes: bytes, fields: withholding(names)) }
}

extension Trailers {
    /// Reads a complete trailer section, to the LF of the empty line. Nil when it has no lines.
    init?(_ section: consuming [UInt8], direction: FieldSection.Direction, lines: Int) throws(Malformation) {
        guard lines > 0 else { return nil }
        let bytes = section
        var fields: [Field]
        do throws(Malformation) {
            fields = try FieldSection(bytes.span.bytes, from: 0, capacity: lines, direction: direction).fields
        } catch {
            throw .trailer
        }
        for index in fields.indices where !fields[index].known.mayBeTrailer { fields[index].isForwarded = false }
        self.init(bytes: bytes, fields: fields)
    }
}

extension KnownField {
    /// What decides about framing, routing, authentication or content has no meaning behind the content, and whoever
    /// merges trailers into a head would believe it there (RFC 9110 §6.5.1).
    var mayBeTrailer: Bool {
        switch self {
        case .other: true
        default: false
        }
    }
}
