/// A response's status line and fields, checked, with its framing decided.
package struct ResponseHead: Sendable {
    package let bytes: [UInt8]
    package internal(set) var fields: [Field]
    package let status: UInt16
    package let reasonPhrase: Range<Int>
    package let framing: BodyFraming
    /// The Content-Length that a response without content declares for the content it stands for: HEAD and 304.
    package internal(set) var declaredLength: UInt64?
    /// Whether the connection may be used again after this response.
    package let keepAlive: Bool

    /// 1xx: another head follows for the same request.
    package var isInterim: Bool { status < 200 && !opensTunnel }
    /// 101: what follows is no HTTP any more.
    package var opensTunnel: Bool { status == 101 }
    package var hasDate: Bool { firstField(.date) != nil }
}

extension ResponseHead: HeadFields {
    /// Fields of these names stay here.
    /// - Parameter names: lower-case ASCII.
    package mutating func withhold(_ names: [String]) { fields = withholding(names) }

    /// The content that the response stands for will have another length.
    package mutating func withholdLength() { declaredLength = nil }
}
